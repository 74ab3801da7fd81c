// J and K go through the list, Enter opens a decision; only while the list has the focus, and never in a field.
"use strict";
(function () {
  const list = document.getElementById("reviews");
  const all = list ? Array.from(list.querySelectorAll("article.review")) : [];
  if (!all.length) { return; }
  document.getElementById("keys").hidden = false;
  all[0].tabIndex = 0;
  function to(place) {
    const one = all[Math.max(0, Math.min(all.length - 1, place))];
    all.forEach(function (each) { each.tabIndex = each === one ? 0 : -1; });
    one.focus();
  }
  list.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { return; }
    const here = all.indexOf(event.target.closest("article.review"));
    if (event.key === "j") { to(here + 1); } else if (event.key === "k") { to(here - 1); } else if (event.key === "Enter" && event.target === all[here]) {
      const decide = all[here].querySelector("details.decide");
      if (!decide) { return; }
      decide.open = true;
      decide.querySelector("summary").focus();
    } else { return; }
    event.preventDefault();
  });
})();
