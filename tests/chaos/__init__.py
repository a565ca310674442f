"""The whole product under people, faults and kills at random; what it ends with is judged."""
