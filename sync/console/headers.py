"""The headers of every page of the console."""

from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    ReferrerPolicy,
    Secure,
    XFrameOptions,
)

HEADERS = Secure(
    # Nothing from elsewhere, nothing in the page itself: text of a webhook that came through as
    # markup could neither run nor send anything away.
    csp=ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'")
    .style_src("'self'")
    .img_src("'self'")
    .connect_src("'self'")
    .form_action("'self'")
    .frame_ancestors("'none'")
    .base_uri("'none'"),
    coop=CrossOriginOpenerPolicy().same_origin(),
    # Paths name jobs: they are told to no other site.
    referrer=ReferrerPolicy().same_origin(),
    xfo=XFrameOptions().deny(),
)
