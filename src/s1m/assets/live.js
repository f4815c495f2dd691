// The script of the live page. What it is told is set as text, never as HTML.
(() => {
  "use strict";
  const EVERY_MS = 1000;
  const at = (id) => document.getElementById(id);
  const say = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };
  const points = (fraction) => (100 * fraction).toFixed(1);
  const percent = (fraction) => `${points(fraction)}\u00a0%`;
  const range = (level) => `${points(level.low)}\u2013${points(level.high)}\u00a0%`;
  const whole = (number) => Math.round(number).toLocaleString("en");
  const SVG = "http://www.w3.org/2000/svg";
  const BOX = { left: 66, right: 744, top: 14, bottom: 280 };

  function duration(seconds) {
    if (seconds < 90) return `${Math.round(seconds)} s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} d`;
  }

  function drawn(tag, className, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    if (className) made.setAttribute("class", className);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function axis(levels) {
    // Levels that double, such as budgets, are spread evenly; others by their value.
    const first = levels[0].level, last = levels[levels.length - 1].level;
    const logarithmic = first > 0 && last >= 16 * first;
    const scale = (level) => (logarithmic ? Math.log2(level) : level);
    const span = scale(last) - scale(first) || 1;
    return (level) => (levels.length === 1 ? (BOX.left + BOX.right) / 2
      : BOX.left + 18 + ((scale(level) - scale(first)) / span) * (BOX.right - BOX.left - 36));
  }

  function curve(state) {
    const levels = state.levels;
    const lowest = Math.min(...levels.map((level) => level.low)), highest = Math.max(...levels.map((level) => level.high));
    const step = highest - lowest > 0.5 ? 0.2 : 0.1;
    const low = Math.max(0, Math.floor(lowest / step) * step);
    const high = Math.min(1, Math.ceil(highest / step) * step);
    const x = axis(levels);
    const y = (fraction) => BOX.bottom - ((fraction - low) / (high - low || 1)) * (BOX.bottom - BOX.top);
    const parts = [];
    for (let tick = low; tick <= high + 1e-9; tick += step) {
      parts.push(drawn("line", "rule", { x1: BOX.left, x2: BOX.right, y1: y(tick), y2: y(tick) }));
      parts.push(drawn("text", "", { x: BOX.left - 8, y: y(tick) + 4, "text-anchor": "end" }, `${Math.round(100 * tick)} %`));
    }
    const along = (key) => levels.map((level) => `${x(level.level)},${y(level[key])}`);
    parts.push(drawn("polygon", "band", { points: [...along("high"), ...along("low").reverse()].join(" ") }));
    parts.push(drawn("line", "first", { x1: BOX.left, x2: BOX.right, y1: y(levels[0].accuracy), y2: y(levels[0].accuracy) }));
    parts.push(drawn("polyline", "line", { points: along("accuracy").join(" ") }));
    const every = Math.ceil(levels.length / 16);
    levels.forEach((level, position) => {
      parts.push(drawn("circle", "dot", { cx: x(level.level), cy: y(level.accuracy), r: 4.5 }));
      if (position % every === 0) {
        parts.push(drawn("text", "", { x: x(level.level), y: BOX.bottom + 24, "text-anchor": "middle" }, String(level.level)));
      }
    });
    parts.push(drawn("text", "", { x: (BOX.left + BOX.right) / 2, y: BOX.bottom + 52, "text-anchor": "middle" }, state.axis));
    at("curve").replaceChildren(...parts);
  }

  function cells(...texts) {
    const row = document.createElement("tr");
    for (const text of texts) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  }

  const ENDINGS = { done: "the run is done", failed: "the run has ended; problems that failed stay pending", interrupted: "interrupted; re-run the command to resume" };

  function show(state) {
    if (!state.benchmark) return;
    say("title", `${state.benchmark} · ${state.model || "the server's model"}`);
    say("about", `${state.engine} engine · ${state.strategy} · ${state.split} · ${state.folder}`);
    const fraction = state.total ? state.recorded / state.total : 1;
    at("track").firstElementChild.style.width = `${100 * fraction}%`;
    at("track").setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
    at("track").classList.toggle("stopped", state.ended !== "" && state.ended !== "done");
    document.title = `${Math.floor(100 * fraction)} % · ${state.benchmark} · s1m`;
    say("unit", state.samples > 1 ? `Samples, ${state.samples} of each problem` : "Problems");
    say("problems", `${whole(state.recorded)} / ${whole(state.total)}`);
    say("state", ENDINGS[state.ended] ?? (state.recorded || state.failed ? "running" : "the first problems are under way"));
    say("left", state.ended ? "–" : state.seconds_left === null ? "…" : duration(state.seconds_left));
    say("elapsed", `${duration(state.seconds)} so far`);
    say("speed", `${whole(state.tokens_per_second)} tokens/s`);
    say("tokens", `${whole(state.tokens)} tokens of problems recorded`);
    say("failed", whole(state.failed));
    at("failed").className = `value ${state.failed ? "bad" : "good"}`;
    say("failed-note", state.failed ? "they stay pending; re-run the command" : "none so far");
    at("scaling").hidden = !state.levels.length;
    if (state.levels.length) {
      const first = state.levels[0], last = state.levels[state.levels.length - 1];
      say("accuracy", first === last ? percent(last.accuracy) : `${percent(first.accuracy)} → ${percent(last.accuracy)}`);
      say("interval", `95 % interval ${range(last)}`);
      curve(state);
      at("levels").replaceChildren(...state.levels.map((level) => cells(String(level.level), percent(level.accuracy),
        range(level), whole(level.thinking_tokens))));
    }
    at("failing").hidden = !state.failures.length;
    at("failures").replaceChildren(...state.failures.map((failure) => {
      const item = document.createElement("li");
      const id = document.createElement("code");
      id.textContent = failure.id;
      item.append(id, ` ${failure.error}`);
      return item;
    }));
  }

  async function look() {
    let ended = false;
    try {
      const reply = await fetch("state", { cache: "no-store" });
      if (reply.ok) {
        const state = await reply.json();
        show(state);
        ended = state.ended !== "";
      }
    } catch {
      say("state", "no connection to the run; it may have ended");
    }
    if (!ended) setTimeout(look, EVERY_MS);
  }
  look();
})();
