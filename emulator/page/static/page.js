"use strict";
// Draws the grid that the server makes, again whenever the spreadsheet's revision has changed,
// and sends what a person does to it.
const spreadsheet = document.currentScript.dataset.spreadsheet;
const scroller = document.getElementById("scroller");
const tip = document.getElementById("tip");
const saved = document.getElementById("saved");
const ask = document.getElementById("ask");
const state = { gid: null, view: null, revision: null, row: 0, column: 0, hidden: false, editing: false, sheets: [], refused: 0 };
const REFUSAL_STAYS = 6000;

const letters = (column) => {
  let name = "";
  for (column += 1; column; column = Math.floor((column - 1) / 26)) name = String.fromCharCode(65 + ((column - 1) % 26)) + name;
  return name;
};
const cellAt = (row, column) => scroller.querySelector(`tr[data-row="${row}"] > td[data-column="${column}"]`);
const entered = (cell) => (cell ? cell.dataset.entered ?? cell.innerText.replace(/\n$/, "") : "");
const frozenRows = () => scroller.querySelectorAll("tr.frozen").length;

// The address says which tab and which filter view, after its # or, where that says nothing, its ?.
function wanted() {
  const asked = new URLSearchParams(location.hash.includes("gid=") ? location.hash.slice(1) : location.search);
  return `gid=${encodeURIComponent(asked.get("gid") ?? "")}&fvid=${encodeURIComponent(asked.get("fvid") ?? "")}`;
}

async function draw() {
  const asked = wanted();
  const answer = await fetch(`/spreadsheets/d/${spreadsheet}/grid?${asked}`);
  if (!answer.ok) return gone(answer.status);
  const found = await answer.json();
  if (asked !== wanted()) return; // Another tab or view was chosen meanwhile, and is drawn by itself.
  const { scrollLeft, scrollTop } = scroller;
  const same = state.gid === found.gid && state.view === found.view;
  Object.assign(state, { gid: found.gid, revision: found.revision, sheets: found.sheets, view: found.view });
  scroller.innerHTML = found.html;
  scroller.scrollTo(same ? scrollLeft : 0, same ? scrollTop : 0);
  document.querySelector("h1").textContent = document.title = found.title;
  pin();
  tabs();
  views(found.views);
  choose(state.row, state.column);
  const range = /range=[A-Z]+(\d+)/.exec(location.hash);
  if (range && location.hash !== state.went) {
    scroller.querySelector(`tr[data-row="${range[1] - 1}"]`)?.scrollIntoView();
    choose(range[1] - 1, 0);
  }
  state.went = location.hash;
  scroller.dataset.revision = found.revision;
}

// A frozen row is below the column letters and the frozen rows above it, whatever their height.
function pin() {
  let top = scroller.querySelector("thead").offsetHeight;
  for (const row of scroller.querySelectorAll("tr.frozen")) {
    for (const cell of row.children) cell.style.top = `${top}px`;
    top += row.offsetHeight;
  }
}

function views(known) {
  const shown = known.find((view) => view.id === state.view);
  const entry = (title, view) => {
    const link = document.createElement("a");
    link.href = `#gid=${state.gid}${view === null ? "" : `&fvid=${view}`}`;
    link.textContent = title;
    link.role = "menuitemradio";
    link.ariaChecked = view === state.view;
    return link;
  };
  document.getElementById("views-menu").replaceChildren(entry("None", null), ...known.map((view) => entry(view.title, view.id)));
  document.body.classList.toggle("viewed", Boolean(shown));
  const bar = document.getElementById("viewing");
  bar.hidden = !shown;
  bar.querySelector("b").textContent = shown ? shown.title : "";
  bar.querySelector("a").href = `#gid=${state.gid}`;
}

function tabs() {
  const bar = document.getElementById("tabs");
  const next = bar.cloneNode();
  next.append(...state.sheets.filter((sheet) => state.hidden || !sheet.hidden).map((sheet) => {
    const tab = document.createElement("a");
    tab.href = `#gid=${sheet.gid}`;
    tab.textContent = sheet.title;
    tab.classList.toggle("open", sheet.gid === state.gid);
    tab.classList.toggle("away", sheet.hidden);
    if (sheet.color) tab.style.borderBottomColor = sheet.color;
    return tab;
  }));
  // A click that has begun would be lost with the tab below it.
  if (next.innerHTML !== bar.innerHTML) bar.replaceWith(next);
}

function choose(row, column) {
  for (const old of scroller.querySelectorAll(".chosen")) old.classList.remove("chosen");
  Object.assign(state, { row, column });
  const cell = cellAt(row, column);
  document.getElementById("name").textContent = `${letters(column)}${row + 1}`;
  document.getElementById("entered").textContent = entered(cell);
  if (!cell) return;
  cell.classList.add("chosen");
  cell.parentElement.firstElementChild.classList.add("chosen");
  scroller.querySelector(`th[data-column="${column}"]`)?.classList.add("chosen");
}

function gone(status) {
  saved.textContent = status ? `The spreadsheet is gone (${status})` : "The emulator does not answer; trying again";
  saved.classList.add("wrong");
}

async function poll() {
  try {
    const answer = await fetch(`/spreadsheets/d/${spreadsheet}/revision`);
    if (!answer.ok) return gone(answer.status);
    const found = await answer.json();
    if (Date.now() > state.refused + REFUSAL_STAYS) {
      saved.classList.remove("wrong");
      saved.textContent = "Refreshes automatically";
    }
    if (found.revision !== state.revision && !state.editing) await draw();
  } catch {
    gone(0);
  }
}

async function edit(name, details) {
  const body = JSON.stringify({ name, sheet_id: state.gid, ...details });
  const answer = await fetch(`/spreadsheets/d/${spreadsheet}/edit`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (!answer.ok) {
    saved.textContent = (await answer.json()).error;
    saved.classList.add("wrong");
    state.refused = Date.now();
    return;
  }
  await draw();
}

function question(text, value) {
  document.getElementById("question").textContent = text;
  const box = document.getElementById("answer");
  box.value = value;
  ask.returnValue = "cancel";
  ask.showModal();
  box.select();
  return new Promise((resolve) => {
    ask.onclose = () => resolve(ask.returnValue === "ok" ? box.value : null);
  });
}

function type(cell) {
  const box = document.createElement("textarea");
  box.value = entered(cell);
  state.editing = true;
  cell.append(box);
  box.focus();
  const end = async (keep) => {
    if (!state.editing) return;
    state.editing = false;
    const value = box.value;
    box.remove();
    if (keep) await edit("type_cell", { row: state.row, column: state.column, text: value });
  };
  box.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === "Escape") end(false);
    if (event.key === "Enter" && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      end(true);
    }
  };
  box.onblur = () => end(true);
}

const deeds = {
  type: () => cellAt(state.row, state.column) && type(cellAt(state.row, state.column)),
  sort: (button) => edit("sort", { column: state.column, ascending: button.dataset.ascending === "true" }),
  insertRow: () => edit("insert_rows", { index: state.row }),
  insertColumn: () => edit("insert_columns", { index: state.column }),
  deleteRow: () => edit("delete_rows", { index: state.row }),
  moveLeft: () => state.column && edit("move_column", { column: state.column, to: state.column - 1 }).then(() => choose(state.row, state.column - 1)),
  moveRight: () => edit("move_column", { column: state.column, to: state.column + 1 }).then(() => choose(state.row, state.column + 1)),
  async rename() {
    const row = Math.max(0, frozenRows() - 1);
    const text = await question(`Header of column ${letters(state.column)}`, entered(cellAt(row, state.column)));
    if (text !== null) await edit("type_cell", { row, column: state.column, text });
  },
  async note() {
    const text = await question("Note", cellAt(state.row, state.column)?.dataset.note ?? "");
    if (text !== null) await edit("add_note", { row: state.row, column: state.column, text });
  },
};

document.querySelector(".tools").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.do) deeds[button.dataset.do](button);
});
document.getElementById("views-menu").addEventListener("beforetoggle", ({ target, newState }) => {
  if (newState !== "open") return;
  const box = document.getElementById("views").getBoundingClientRect();
  target.style.left = `${Math.max(4, Math.min(box.left, innerWidth - 244))}px`;
  target.style.top = `${box.bottom + 4}px`;
});
document.getElementById("views-menu").addEventListener("click", ({ currentTarget }) => currentTarget.hidePopover());
document.getElementById("hidden").addEventListener("change", (event) => {
  state.hidden = event.target.checked;
  tabs();
});
scroller.addEventListener("click", (event) => {
  const cell = event.target.closest("td");
  if (cell) return choose(Number(cell.parentElement.dataset.row), Number(cell.dataset.column));
  const letter = event.target.closest("th[data-column]");
  if (letter) choose(state.row, Number(letter.dataset.column));
});
scroller.addEventListener("dblclick", (event) => {
  const cell = event.target.closest("td");
  if (cell && !state.editing) type(cell);
});
scroller.addEventListener("keydown", (event) => {
  const way = { ArrowUp: ["row", "previous"], ArrowDown: ["row", "next"], ArrowLeft: ["cell", "previous"], ArrowRight: ["cell", "next"] }[event.key];
  if (event.key === "Enter") {
    event.preventDefault();
    return deeds.type();
  }
  const cell = cellAt(state.row, state.column);
  if (!way || !cell) return;
  event.preventDefault();
  const beside = (way[0] === "row" ? cell.parentElement : cell)[`${way[1]}ElementSibling`];
  if (!beside || beside.matches("th")) return;
  if (way[0] === "row") choose(Number(beside.dataset.row), state.column);
  else choose(state.row, Number(beside.dataset.column));
  cellAt(state.row, state.column).scrollIntoView({ block: "nearest", inline: "nearest" });
});
scroller.addEventListener("mouseover", (event) => {
  const cell = event.target.closest("td[data-note]");
  tip.hidden = !cell;
  if (!cell) return;
  tip.textContent = cell.dataset.note;
  const box = cell.getBoundingClientRect();
  tip.style.left = `${Math.max(0, Math.min(box.right + 6, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(0, Math.min(box.top, innerHeight - tip.offsetHeight - 8))}px`;
});
addEventListener("hashchange", draw);
draw();
setInterval(poll, 1000);
