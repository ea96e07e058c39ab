// The page's own behaviour: evidence panel, hover cards, keys, list of conversations, copies and downloads.
// Asks the server through Gradio's component functions only; every text is set as text, never as HTML,
// but what the server has escaped (panel and document).
(() => {
  "use strict";
  const fw = (window.framewise = {});
  let server = null, open = null, turnEvent = null, panelProps = null, panelRoot = null;
  let conversation = "", turn = 0, opener = null, busy = false, asksByItself = false, listTimer = 0, scrollTimer = 0;
  let moved = 0; // when a person last moved the chat; Gradio scrolls by itself too
  const $ = (query, root = document) => root.querySelector(query);
  const $$ = (query, root = document) => [...root.querySelectorAll(query)];
  const isSource = /#source-(\d+)-(\d+)$/, isAnswer = /#answer-(\d+)$/, isNote = /#note-/;
  const say = (text) => { const live = $("#fw-status"); if (live) live.textContent = text; };
  const phone = () => matchMedia("(max-width: 900px)").matches;
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  async function until(find, ms = 3000) {
    for (const end = performance.now() + ms; performance.now() < end; ) {
      const found = find();
      if (found) return found;
      await new Promise((done) => setTimeout(done, 30));
    }
    return null;
  }

  // ---- connections made by the components' own scripts
  fw.connect = (bridge) => {
    server = bridge.server; open = bridge.open; turnEvent = bridge.turn; 
    const linked = address().searchParams;
    asksByItself = linked.has("q") && !linked.get("c");
    if (asksByItself) setBusy(true);
    list();
  };
  fw.loaded = () => { if (asksByItself) fw.idle(); asksByItself = false; fw.ready = true; };
  fw.panel = (element, props) => { panelRoot = element; panelProps = props; };

  // ---- the address keeps what is open, so that a reload finds it
  const address = () => new URL(location.href);
  function remember(changes) {
    const url = address();
    for (const [key, value] of Object.entries(changes)) {
      if (value) url.searchParams.set(key, value); else url.searchParams.delete(key);
    }
    history.replaceState(null, "", url);
  }
  fw.began = () => {
    conversation = ""; turn = 0;
    document.body.classList.remove("fw-sheet");
    remember({ c: "", t: "", s: "", d: "", q: "" });
    list();
    $("#question textarea")?.focus();
  };
  // The panel has changed: it says which conversation and turn are shown.
  fw.paneled = () => {
    const shown = $(".fw-proof", panelRoot || document);
    if (!shown?.dataset.conversation) return;
    const wanted = address().searchParams, first = !conversation;
    const other = conversation !== shown.dataset.conversation;
    conversation = shown.dataset.conversation;
    turn = Number(shown.dataset.turn);
    const same = wanted.get("c") === conversation && Number(wanted.get("t")) === turn;
    remember({ c: conversation, t: turn, q: "", ...(same ? {} : { s: "", d: "" }) });
    if (other) list();
    if (first && same && wanted.get("s")) restorePanel(wanted);
  };
  fw.busy = () => setBusy(true);
  fw.idle = () => {
    setBusy(false);
    list();
    decorate();
    document.body.dataset.answered = Number(document.body.dataset.answered || 0) + 1;
  };
  async function restorePanel(wanted) {
    const [at, number] = [wanted.get("t"), wanted.get("s")];
    await openSource(Number(at), Number(number), null, true);
    $(`#chat a[href$="#source-${Number(at)}-${Number(number)}"]`)?.scrollIntoView({ block: "center" });
    const shown = wanted.get("d");
    if (shown) { const [id, start, end] = shown.split("~"); showDocument(id, start, end); }
  }

  // ---- streaming: what assistive technology hears
  function tellBusy() {
    const log = $('#chat [role="log"]');
    if (log && log.getAttribute("aria-busy") !== String(busy)) log.setAttribute("aria-busy", String(busy));
  }
  function setBusy(on) {
    busy = on;
    tellBusy();
    document.body.classList.toggle("fw-busy", on);
    say(on ? "Working on the answer." : "");
  }

  // ---- evidence panel
  const card = (at, number) => document.getElementById(`source-${at}-${number}`);
  const panelTurn = () => Number($(".fw-proof[data-turn]", panelRoot || document)?.dataset.turn || 0);
  async function showTurn(at) {
    if (panelTurn() === at && $(".fw-proof article", panelRoot)) return;
    const html = await server.show_panel({ id: conversation, turn: at });
    if (panelProps) panelProps.value = html;
    await until(() => panelTurn() === at);
    if (!busy) turnEvent(at);
  }
  function mark(at, number) {
    $$(".fw-current").forEach((each) => each.classList.remove("fw-current"));
    const found = card(at, number);
    found?.classList.add("fw-current");
    $$(`#chat a[href$="#source-${at}-${number}"]`).forEach((each) => each.classList.add("fw-current"));
    return found;
  }
  async function openSource(at, number, from, quiet = false) {
    if (from) opener = from;
    moved = 0; // what was chosen stays, until the reader scrolls again
    clearTimeout(scrollTimer);
    hideCard();
    if (!card(at, number)) await showTurn(at);
    const found = await until(() => card(at, number));
    if (!found) return;
    $("#evidence-tabs button[role=tab]")?.click();
    if (phone() && !quiet) document.body.classList.add("fw-sheet");
    mark(at, number);
    if (!quiet || !phone()) {
      found.focus({ preventScroll: true });
      const quote = $("mark", found) || found;
      quote.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    }
    remember({ t: at, s: number });
  }
  function walk(step) {
    const cards = $$(".fw-proof article");
    if (!cards.length) return;
    const now = cards.findIndex((each) => each.classList.contains("fw-current"));
    const next = cards[Math.min(cards.length - 1, Math.max(0, now < 0 ? 0 : now + step))];
    const [, at, number] = next.id.match(/^source-(\d+)-(\d+)$/);
    openSource(Number(at), Number(number), null);
  }
  function closeSheet() {
    document.body.classList.remove("fw-sheet");
    if (opener && opener.isConnected) opener.focus();
    else $("#fw-open-sheet")?.focus();
  }

  // The panel follows the answer that is being read.
  function follow() {
    if (busy || !conversation) return;
    const log = $("#chat .bubble-wrap") || $('#chat [role="log"]');
    if (!log) return;
    const line = log.getBoundingClientRect().top + log.clientHeight * 0.4;
    const ends = $$('#chat a[href*="#answer-"]');
    const reading = ends.find((each) => each.getBoundingClientRect().bottom > line) || ends.at(-1);
    const at = Number(reading?.getAttribute("href").match(isAnswer)?.[1] || 0);
    if (at && at !== panelTurn()) showTurn(at);
  }
  for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.addEventListener(name, (event) => {
      // A press counts only on the scroll bar: one on a mark has chosen its source.
      const own = name === "pointerdown" ? event.target.matches?.('[role="log"]') : event.target.closest?.("#chat");
      if (own) { moved = performance.now(); clearTimeout(scrollTimer); scrollTimer = setTimeout(follow, 250); }
    }, { capture: true, passive: true });
  }
  document.addEventListener("scroll", (event) => {
    if (!event.target.closest?.("#chat")) return;
    if (performance.now() - moved > 1000) return;
    hideCard();
    clearTimeout(scrollTimer);
    scrollTimer = setTimeout(follow, 250);
  }, true);

  // ---- hover card
  const hover = document.createElement("div");
  hover.id = "fw-hover"; hover.setAttribute("role", "tooltip"); hover.hidden = true;
  function textOf(link) {
    const own = link.dataset.card || link.getAttribute("title");
    if (own) return own;
    const href = link.getAttribute("href").replace(/^[^#]*/, "");
    const twin = $$(`#chat a[href$="${CSS.escape ? href.replace(/"/g, "") : href}"]`).find((each) => each.dataset.card || each.title);
    return twin ? twin.dataset.card || twin.title : "";
  }
  function showCard(link) {
    const text = textOf(link);
    if (!text) return;
    hover.replaceChildren();
    const quoted = text.match(/^(.*?) · “([\s\S]*)”$/);
    const head = document.createElement("b"), body = document.createElement("span");
    if (quoted) {
      const parts = quoted[1].split(" · ");
      head.textContent = parts[0];
      const about = document.createElement("small");
      about.textContent = parts.slice(1).join(" · ");
      body.textContent = `“${quoted[2]}”`;
      hover.append(head, about, body);
    } else { body.textContent = text; hover.append(body); }
    hover.hidden = false;
    const box = link.getBoundingClientRect(), own = hover.getBoundingClientRect();
    const left = Math.min(innerWidth - own.width - 8, Math.max(8, box.left));
    const above = box.bottom + own.height + 8 > innerHeight && box.top > own.height + 8;
    hover.style.left = `${left}px`;
    hover.style.top = `${above ? box.top - own.height - 6 : box.bottom + 6}px`;
    link.setAttribute("aria-describedby", "fw-hover");
  }
  function hideCard() { hover.hidden = true; }
  const carded = (node) => node?.closest?.('#chat a[href*="#source-"], #chat a[href*="#note-"]');
  document.addEventListener("mouseover", (event) => { const link = carded(event.target); if (link) showCard(link); });
  document.addEventListener("mouseout", (event) => { if (carded(event.target)) hideCard(); });
  document.addEventListener("focusin", (event) => { const link = carded(event.target); if (link) showCard(link); else hideCard(); });

  // ---- documents, profiles, downloads
  async function showDialog(html) {
    const dialog = $("#fw-dialog");
    dialog.innerHTML = html; // escaped by the server
    const close = document.createElement("button");
    close.type = "button"; close.className = "fw-close"; close.dataset.do = "close"; close.textContent = "Close";
    dialog.prepend(close);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    const here = $("#fw-here", dialog);
    if (here) { here.scrollIntoView({ block: "center" }); here.focus({ preventScroll: true }); } else close.focus();
  }
  async function showDocument(id, start, end) {
    const html = await server.show_document({ id, start, end });
    if (!html) return say("This document is not in the corpus any more.");
    await showDialog(html);
    if (conversation) remember({ d: [id, start || 0, end || 0].join("~") });
  }
  function save(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  async function takeAlong(at, form) {
    const made = await server.take_along({ id: conversation, turn: at, form });
    if (made.error) return say(made.error);
    save(made.name, made.type + ";charset=utf-8", made.text);
    say(`${made.name} was saved.`);
  }

  // ---- copies keep their citations
  function plain(markdown) {
    const sources = new Map();
    const unescape = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
    let text = markdown.replace(/ ?\[\\\[(\d+)\\\]\]\(#source-\d+-\d+(?: "((?:[^"\\]|\\.)*)")?\)/g, (_, number, title) => {
      if (title) sources.set(Number(number), unescape(title));
      return ` [${number}]`;
    });
    text = text.replace(/\[([^\]]*)\]\(#(?:note|answer)-[^)"]*(?:"(?:[^"\\]|\\.)*")?\)/g, "($1)");
    text = unescape(text);
    const listed = [...sources].sort((a, b) => a[0] - b[0]).map(([number, title]) => `[${number}] ${title}`);
    return listed.length ? `${text}\n\nSources:\n${listed.join("\n")}\n` : text;
  }
  fw.plain = plain;
  const write = navigator.clipboard?.writeText?.bind(navigator.clipboard);
  if (write) navigator.clipboard.writeText = (text) => write(/\]\(#(source|answer|note)-/.test(text) ? plain(text) : unescapeTyped(text));
  const unescapeTyped = (text) => (/\\[!-/:-@[-`{-~]/.test(text) ? text.replace(/\\([!-/:-@[-`{-~])/g, "$1") : text);
  document.addEventListener("copy", (event) => {
    const chosen = getSelection();
    if (!chosen.rangeCount || !chosen.anchorNode?.parentElement?.closest("#chat")) return;
    const links = $$('a[href*="#source-"]', chosen.getRangeAt(0).cloneContents());
    if (!links.length) return;
    const lines = new Map(links.map((each) => [each.textContent.trim(), textOf(each)]));
    const listed = [...lines].filter(([, text]) => text).map(([number, text]) => `${number} ${text}`);
    event.clipboardData.setData("text/plain", `${chosen.toString()}\n\nSources:\n${listed.join("\n")}\n`);
    event.preventDefault();
  });

  // ---- kept conversations
  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }
  async function list() {
    const target = $("#fw-conversations");
    if (!target || !server) return;
    const entries = await server.list_conversations({ search: $("#fw-search")?.value || "" });
    target.replaceChildren(...entries.map((entry) => {
      const row = element("li", "");
      row.dataset.id = entry.id;
      if (entry.id === conversation) row.classList.add("fw-here");
      const name = element("button", entry.title, { type: "button", "data-do": "open", class: "fw-name" });
      if (entry.id === conversation) name.setAttribute("aria-current", "true");
      name.append(element("small", `${entry.changed} · ${entry.turns} ${entry.turns === 1 ? "question" : "questions"}`));
      row.append(name,
        element("button", "Rename", { type: "button", "data-do": "rename", "aria-label": `Rename ${entry.title}` }),
        element("button", "Delete", { type: "button", "data-do": "delete", "aria-label": `Delete ${entry.title}` }));
      return row;
    }));
    $("#fw-list-note").textContent = entries.length ? "" : "Nothing kept yet. Conversations stay on this machine.";
    const all = $('[data-do="delete-all"]');
    if (all) all.hidden = !entries.length;
    exportAll();
  }
  function exportAll() {
    let box = $("#fw-export-all");
    if (!box) {
      box = element("div", "", { id: "fw-export-all", class: "fw-export" });
      $(".fw-list")?.append(box);
    }
    box.replaceChildren();
    if (!conversation) return;
    box.append(element("h3", "Take this conversation along"));
    for (const [form, name] of [["markdown", "Markdown"], ["html", "HTML"], ["json", "JSON"], ["decision", "Decision record"]]) {
      box.append(element("button", name, { type: "button", "data-do": "export", "data-turn": "0", "data-format": form }));
    }
  }
  function rename(row) {
    const name = $(".fw-name", row);
    const input = element("input", "", { type: "text", "aria-label": "New title", maxlength: "80" });
    input.value = name.firstChild.textContent;
    name.replaceWith(input);
    input.focus(); input.select();
    let done = false;
    const finish = async (keep) => {
      if (done) return;
      done = true;
      if (keep) await server.rename_conversation({ id: row.dataset.id, title: input.value });
      await list();
      $(`#fw-conversations li[data-id="${row.dataset.id}"] .fw-name`)?.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") { event.stopPropagation(); finish(false); }
    });
    input.addEventListener("blur", () => finish(true));
  }
  // Deleting asks once more, in place: the same button says so, and a second press within 4 s does it.
  function sure(button, words) {
    if (button.dataset.sure) return true;
    const before = button.textContent;
    button.dataset.sure = "1"; button.textContent = words;
    setTimeout(() => { delete button.dataset.sure; button.textContent = before; }, 4000);
    return false;
  }
  async function forget(data) {
    await server.delete_conversation(data);
    if (data.all || data.id === conversation) { open("", 0); fw.began(); } else list();
  }
  document.addEventListener("input", (event) => {
    if (event.target.id !== "fw-search") return;
    clearTimeout(listTimer);
    listTimer = setTimeout(list, 200);
  });

  // ---- appearance
  let wanted = "";
  function dress() {
    if (!wanted || !document.body) return;
    const dark = wanted === "dark" || (wanted === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
    $$('[data-do="theme"]').forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.theme === wanted)));
  }
  function theme(name) {
    wanted = name;
    try { localStorage.setItem("framewise.theme", name); } catch { /* storage may be off: then for this page only */ }
    dress();
  }

  // ---- clicks
  const actions = {
    document: (at) => showDocument(at.dataset.id, at.dataset.start, at.dataset.end),
    profile: async (at) => showDialog(await server.show_document({ id: at.dataset.id, profile: true })),
    close: () => $("#fw-dialog").close(),
    export: (at) => takeAlong(Number(at.dataset.turn), at.dataset.format),
    link: async (at) => {
      const url = address();
      url.search = "?q=" + encodeURIComponent($(".fw-head p")?.textContent || "");
      await navigator.clipboard.writeText(url.href);
      at.textContent = "Link copied";
    },
    csv: (at) => save("framewise-rows.csv", "text/csv;charset=utf-8", $(".fw-csv", at.parentElement).value),
    open: (at) => { remember({ s: "", d: "", t: "" }); open(at.closest("li").dataset.id, 0); if (phone()) $("#side .toggle-button")?.click(); },
    new: () => { $('#pages button[role="tab"]')?.click(); $("#new")?.click(); },
    rename: (at) => rename(at.closest("li")),
    delete: (at) => { if (sure(at, "Sure?")) forget({ id: at.closest("li").dataset.id }); },
    "delete-all": (at) => { if (sure(at, "Delete all for good?")) forget({ all: true }); },
    sheet: () => document.body.classList.contains("fw-sheet") ? closeSheet() : (opener = null, document.body.classList.add("fw-sheet")),
    theme: (at) => theme(at.dataset.theme),
  };
  document.addEventListener("click", (event) => {
    const at = event.target.closest?.("[data-do]");
    if (at) { event.preventDefault(); actions[at.dataset.do]?.(at); return; }
    const link = event.target.closest?.('a[href*="#"]');
    const href = link?.getAttribute("href") || "";
    const source = href.match(isSource), answer = href.match(isAnswer);
    if (source) openSource(Number(source[1]), Number(source[2]), link);
    else if (answer) { showTurn(Number(answer[1])); if (phone()) document.body.classList.add("fw-sheet"); }
    else if (isNote.test(href)) showCard(link);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // ---- keys
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" && event.target.closest?.("#question textarea") && !event.shiftKey && event.target.value.trim()) setBusy(true);
    if (event.key === "Escape" && !$("#fw-dialog")?.open) {
      if (!hover.hidden) hideCard();
      if (document.body.classList.contains("fw-sheet")) closeSheet();
      else if (event.target.closest?.("#evidence") && opener?.isConnected) opener.focus();
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("#fw-dialog")?.open) return;
    if (event.key === "n") walk(1);
    if (event.key === "p") walk(-1);
  });

  // ---- names and looks that Gradio leaves out
  const NAMES = [["#question .submit-button", "Ask"], ["#question .stop-button", "Stop"], ["#side .toggle-button", "Conversations"],
    ["#chat .thought-group button", "Show the steps"], ["#chat .scroll-down-button-container button", "Scroll down"]];
  function decorate() {
    tellBusy();
    // Roles that Gradio sets and their content does not keep to.
    for (const each of $$('#chat .examples[role="list"]')) each.setAttribute("role", "group");
    for (const each of $$('#chat .thought-group .title[role="button"]')) { each.removeAttribute("role"); each.removeAttribute("tabindex"); }
    for (const [query, name] of NAMES) {
      for (const button of $$(query)) if (!button.getAttribute("aria-label") && !button.textContent.trim()) button.setAttribute("aria-label", name);
    }
    for (const link of $$('#chat a[href*="#source-"]:not([data-seen]), #chat a[href*="#note-"]:not([data-seen])')) {
      link.dataset.seen = "1";
      if (link.title) { link.dataset.card = link.title; link.removeAttribute("title"); }
      link.removeAttribute("target");
      const number = link.textContent.match(/^\[(\d+)\]$/)?.[1];
      if (!number) continue;
      const about = textOf(link).split(" · ")[0];
      link.setAttribute("aria-label", about ? `Source ${number}: ${about}` : `Source ${number}`);
      link.replaceChildren(element("span", "[", { class: "fw-b" }), number, element("span", "]", { class: "fw-b" }));
    }
  }
  new MutationObserver(() => { if (!decorate.waiting) { decorate.waiting = true; requestAnimationFrame(() => { decorate.waiting = false; decorate(); }); } })
    .observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", start);
  function start() {
    if (hover.isConnected || !document.body) return;
    document.body.append(hover);
    $("html").lang = $("html").lang || "en";
    document.addEventListener("close", (event) => { if (event.target.id === "fw-dialog") { remember({ d: "" }); card(turn, address().searchParams.get("s"))?.focus(); } }, true);
    let kept = "";
    try { kept = localStorage.getItem("framewise.theme") || ""; } catch { kept = ""; }
    if (kept) theme(kept);
    // Gradio dresses the page by the system's wish later than this.
    new MutationObserver(dress).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }
  if (document.body) start();
})();
