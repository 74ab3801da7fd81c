// The editor of a directive: CodeMirror over the textarea, findings of the real checker at their lines, words of the
// schema and the registry while one types. Without this file the textarea and its buttons do all of it.
// The editor lives in a shadow root: its styles are constructed sheets there, which the page's policy allows.
"use strict";
(() => {
  const area = document.querySelector("textarea[data-editor]");
  if (!area || !window.CodeMirror || !Element.prototype.attachShadow) return;
  const cm = window.CodeMirror;
  const form = area.form;
  const csrf = form.elements.csrf.value;
  const status = document.getElementById("editor-status");
  let words = null;

  // ── findings ────────────────────────────────────────────────────────────────────────────────────────────────────
  async function check(view) {
    const text = view.state.doc.toString();
    const skipped = (/^\s*/.exec(text)[0].match(/\n/g) || []).length;  // a form's text begins with its first word
    const body = new URLSearchParams({ csrf, text });
    const answer = await fetch(area.dataset.check, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) {
      status.textContent = area.dataset.unchecked;
      return [];
    }
    const found = (await answer.json()).findings;
    const errors = found.filter((one) => one.severity === "error").length;
    status.textContent = (errors ? area.dataset.errors : found.length ? area.dataset.warnings : area.dataset.fine)
      .replace("{errors}", errors).replace("{warnings}", found.length - errors);
    return found.map((one) => at(view.state.doc, { ...one, line: one.line + skipped }));
  }

  function at(doc, one) {
    const line = doc.line(Math.min(Math.max(one.line, 1), doc.lines));
    const from = Math.min(line.from + Math.max(one.column - 1, 0), line.to);
    const word = /^[^\s,:}\]]+/.exec(line.text.slice(from - line.from));
    const to = Math.min(from + (word ? word[0].length : 1), line.to);
    return { from, to: Math.max(from, to), severity: one.severity, source: one.code, message: `${one.sentence} (${one.remedy})` };
  }

  // ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────
  // the keys above a line, from the outermost in, by their indentation
  function pathTo(doc, number, indent) {
    const path = [];
    for (let n = number - 1; n > 0 && indent > 0; n--) {
      const text = doc.line(n).text;
      const key = /^(\s*)(?:- )?([\w-]+):(\s|$)/.exec(text);
      if (!key || /^\s*#/.test(text) || key[1].length >= indent) continue;
      indent = key[1].length;
      path.unshift(key[2]);
    }
    return path;
  }

  const resolve = (schema) => {
    while (schema && (schema.$ref || schema.allOf)) {
      schema = schema.$ref ? words.schema.definitions[schema.$ref.split("/").pop()] : resolve(schema.allOf[0]);
    }
    return schema || {};
  };
  const variants = (schema) => (schema.anyOf ? schema.anyOf.map(resolve) : [schema]);

  function schemaAt(path) {
    let found = [words.schema];
    for (const key of path) {
      const below = [];
      for (const one of found.flatMap((schema) => variants(resolve(schema)))) {
        const inner = one.type === "array" && one.items ? variants(resolve(one.items)) : [one];
        for (const part of inner) {
          const next = (part.properties && part.properties[key]) || (part.properties ? null : part.additionalProperties);
          if (next) below.push(next);
        }
      }
      found = below;
    }
    return found.flatMap((schema) => variants(resolve(schema)));
  }

  function keys(path) {
    const found = schemaAt(path).flatMap((schema) => (schema.items ? variants(resolve(schema.items)) : [schema]));
    return found.flatMap((schema) => Object.entries(schema.properties || {})).map(([label, about]) => ({
      label, apply: `${label}: `, type: "property", info: about.description || "",
    }));
  }

  const AGENCY = new Set(["lead", "issuer", "for_each", "with", "via", "to", "agencies", "exempt", "on_behalf_of", "then", "any_of"]);
  const TASK = new Set(["needs", "restates", "task", "of", "supervises"]);

  function values(path, doc) {
    const key = path[path.length - 1];
    const fixed = schemaAt(path).flatMap((schema) => (schema.type === "boolean" ? ["true", "false"] : schema.enum || []));
    const found = fixed.map((label) => ({ label: String(label), type: "constant" }));
    if (AGENCY.has(key)) {
      found.push(...words.agencies.map(([label, vi, en]) => ({ label, detail: `${vi} · ${en}`, type: "constant" })));
      found.push(...words.sets.map((label) => ({ label, type: "namespace" })));
    }
    if (TASK.has(key)) found.push(...tasksOf(doc), ...words.tasks.map((label) => ({ label, type: "variable", boost: -1 })));
    if (key === "remind") found.push(...words.ladders.map((label) => ({ label, type: "constant" })));
    return found;
  }

  function tasksOf(doc) {
    const found = [];
    let inside = false;
    for (let n = 1; n <= doc.lines; n++) {
      const text = doc.line(n).text;
      if (/^\S/.test(text)) inside = /^tasks:/.test(text);
      const id = inside && /^ {2}([a-z][a-z0-9-]*):/.exec(text);
      if (id) found.push({ label: id[1], type: "variable" });
    }
    return found;
  }

  async function complete(context) {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    if (/^\s*#/.test(before)) return null;
    words ??= await (await fetch(area.dataset.words)).json();
    const word = context.matchBefore(/[^\s\[\]{},:"']*$/);
    const from = word ? word.from : context.pos;
    const options = wanted(context, line, before);
    return options && options.length ? { from, options, validFor: /^[^\s\[\]{},:]*$/ } : null;
  }

  function wanted(context, line, before) {
    const doc = context.state.doc;
    const indent = /^\s*/.exec(line.text)[0].length;
    const above = pathTo(doc, line.number, indent);
    const outer = /^\s*(?:- )?([\w-]+):(?:\s|$)/.exec(before);
    const here = outer ? [...above, outer[1]] : above;
    if (before.split("{").length > before.split("}").length) {  // inside braces: what follows the last brace or comma
      const part = before.slice(Math.max(before.lastIndexOf("{"), before.lastIndexOf(",")) + 1);
      const key = /^\s*([\w-]+):/.exec(part);
      if (!key && before.lastIndexOf("[") <= before.lastIndexOf("{")) return keys(here);
      const open = key || /([\w-]+):\s*\[[^\]]*$/.exec(before);
      return values(open ? [...here, open[1]] : here, doc);
    }
    if (outer || /^\s*- /.test(before)) return values(here, doc);
    return context.explicit || context.matchBefore(/[\w-]+$/) ? keys(above) : null;
  }

  // ── the editor ──────────────────────────────────────────────────────────────────────────────────────────────────
  const host = document.createElement("div");
  host.className = "editor";
  area.after(host);
  const root = host.attachShadow({ mode: "open" });
  const colours = cm.HighlightStyle.define([
    { tag: cm.tags.definition(cm.tags.propertyName), color: "var(--link)", fontWeight: "600" },
    { tag: cm.tags.comment, color: "var(--quiet)" },
    { tag: [cm.tags.string, cm.tags.content], color: "var(--ink)" },
  ]);
  const theme = cm.EditorView.theme({
    "&": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "2px solid var(--quiet)", borderRadius: ".2rem", fontSize: ".95rem" },
    "&.cm-focused": { outline: "3px solid var(--focus)" },
    ".cm-scroller": { fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace", minHeight: "24rem", maxHeight: "70vh" },
    ".cm-gutters": { backgroundColor: "var(--row)", color: "var(--quiet)", borderRight: "1px solid var(--line)" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--row)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--line)", maxWidth: "40rem" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--calm-bg)", color: "var(--ink)" },
    ".cm-completionDetail": { color: "var(--quiet)" },
  });
  const view = new cm.EditorView({
    root,
    parent: root,
    state: cm.EditorState.create({
      doc: area.value,
      extensions: [
        cm.lineNumbers(), cm.lintGutter(), cm.history(), cm.drawSelection(), cm.highlightActiveLine(), cm.indentOnInput(),
        cm.yaml(), cm.syntaxHighlighting(colours), theme, cm.EditorView.lineWrapping,
        cm.EditorState.tabSize.of(2),
        cm.EditorView.contentAttributes.of({ "aria-label": area.dataset.label, spellcheck: "false", tabindex: "0" }),
        cm.autocompletion({ override: [complete], maxRenderedOptions: 60 }),
        cm.linter(check, { delay: 600 }),
        cm.keymap.of([...cm.completionKeymap, ...cm.lintKeymap, ...cm.historyKeymap, ...cm.defaultKeymap]),
        cm.EditorView.updateListener.of((update) => { if (update.docChanged) area.value = update.state.doc.toString(); }),
      ],
    }),
  });
  area.hidden = true;
  form.addEventListener("submit", () => { area.value = view.state.doc.toString(); });
  document.querySelectorAll("a[data-line]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    const line = view.state.doc.line(Math.min(Number(link.dataset.line), view.state.doc.lines));
    view.dispatch({ selection: { anchor: line.from }, effects: cm.EditorView.scrollIntoView(line.from, { y: "center" }) });
    view.focus();
  }));
  host.editor = view;
})();
