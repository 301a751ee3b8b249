// Fetches the page again every five seconds and puts in what has changed, part by part,
// so that nothing flickers or loses the focus.
const every = 5000;
const stale = document.getElementById("stale");
let timer = setTimeout(refresh, every);

function update(page) {
  for (const old of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(old.id);
    if (!next || next.isEqualNode(old)) {
      continue;
    }
    const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.className = next.className;
    old.replaceChildren(...document.importNode(next, true).childNodes);
    if (focused) {
      old.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(4000) });
    if (!answer.ok) {
      throw new Error(answer.statusText);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.querySelectorAll("[data-live]").length !== document.querySelectorAll("[data-live]").length) {
      location.reload(); // it has only just begun, or is of another version
      return;
    }
    update(page);
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, every);
}

addEventListener("offline", refresh);
addEventListener("online", refresh);
