export { EditorState } from "@codemirror/state";
export { EditorView, keymap, lineNumbers, highlightActiveLine, drawSelection } from "@codemirror/view";
export { history, historyKeymap, defaultKeymap, indentWithTab } from "@codemirror/commands";
export { autocompletion, completionKeymap } from "@codemirror/autocomplete";
export { linter, lintGutter, lintKeymap, forceLinting } from "@codemirror/lint";
export { yaml } from "@codemirror/lang-yaml";
export { syntaxHighlighting, HighlightStyle, indentOnInput } from "@codemirror/language";
export { tags } from "@lezer/highlight";
