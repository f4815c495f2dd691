// The page of s1m gateway. Text of a model is set as textContent and never read as HTML.
"use strict";

const byId = (id) => document.getElementById(id);
const MOST_LINK = 24000; // characters of a link; pictures that do not fit are left out of it
const LONGEST_SIDE = 2048; // of a photo that is scaled down before it is sent
const PLAIN_TYPES = ["image/png", "image/jpeg", "image/webp"];
const SENT_AS_IT_IS = 3000000; // bytes of a file up to which nothing is changed

let facts = {};
let budgets = [];
let pictures = []; // data: URLs
let running = null; // AbortController of the question under way

// ---------------------------------------------------------------- dials

function budgetSteps(most) {
  const steps = [0];
  for (let tokens = 64; tokens < most; tokens *= 2) steps.push(tokens);
  return [...steps, most];
}

function showDials() {
  const tokens = budgets[Number(byId("tokens").value)];
  byId("ignore-shown").textContent = byId("ignore").value;
  byId("tokens-shown").textContent = tokens ? tokens.toLocaleString("en") : "no thinking";
  byId("temperature-shown").textContent = Number(byId("temperature").value).toFixed(1);
  byId("ignore").disabled = byId("levels").disabled = !tokens;
}

function dials() {
  return {
    question: byId("question").value,
    system: byId("system").value,
    ignore: Number(byId("ignore").value),
    tokens: budgets[Number(byId("tokens").value)],
    temperature: Number(byId("temperature").value),
    levels: byId("levels").checked,
    string: byId("ignore-string").value,
    seed: byId("seed").value.trim(),
  };
}

function setDials(given) {
  if (typeof given.question === "string") byId("question").value = given.question;
  if (typeof given.system === "string") byId("system").value = given.system;
  if (Number.isFinite(given.ignore)) byId("ignore").value = given.ignore;
  if (Number.isFinite(given.tokens)) {
    const index = budgets.findIndex((tokens) => tokens >= given.tokens);
    byId("tokens").value = index < 0 ? budgets.length - 1 : index;
  }
  if (Number.isFinite(given.temperature)) byId("temperature").value = given.temperature;
  if (typeof given.levels === "boolean") byId("levels").checked = given.levels;
  if (typeof given.string === "string") byId("ignore-string").value = given.string;
  if (/^\d*$/.test(given.seed ?? "x")) byId("seed").value = given.seed;
  showDials();
}

// ---------------------------------------------------------------- pictures

function readAsUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function pictureUrl(file) {
  if (PLAIN_TYPES.includes(file.type) && file.size <= SENT_AS_IT_IS) return readAsUrl(file);
  const bitmap = await createImageBitmap(file); // upright, as the camera was held
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92);
}

async function addFiles(files) {
  showError("");
  for (const file of files) {
    if (pictures.length >= facts.most_images) return showError(`At most ${facts.most_images} pictures.`);
    try {
      pictures.push(await pictureUrl(file));
    } catch {
      showError(`${file.name} is not a picture that this browser can open.`);
    }
  }
  showPictures();
}

function showPictures() {
  const shown = pictures.map((url, index) => {
    const holder = document.createElement("span");
    holder.className = "picture";
    const image = document.createElement("img");
    image.alt = `Picture ${index + 1}`;
    image.onload = () => image.classList.toggle("small", image.naturalHeight < 100);
    image.src = url;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove picture ${index + 1}`);
    remove.onclick = (event) => {
      event.preventDefault();
      pictures.splice(index, 1);
      showPictures();
    };
    holder.append(image, remove);
    return holder;
  });
  byId("pictures").replaceChildren(...shown);
  byId("drop-text").hidden = pictures.length > 0;
}

// ---------------------------------------------------------------- what is shown of a reply

function showError(message) {
  byId("error").textContent = message;
  byId("error").hidden = !message;
  if (message) byId("result").hidden = false;
}

class Result {
  constructor(asked) {
    this.asked = asked;
    this.began = performance.now();
    this.seconds = []; // by segment, when it ended
    this.answers = new Map();
    this.text = null; // where thinking goes
    byId("thoughts").replaceChildren();
    byId("level-cards").replaceChildren();
    byId("answer").textContent = byId("spent").textContent = "";
    byId("answer-box").hidden = byId("levels-box").hidden = byId("repeat-row").hidden = true;
    byId("result").hidden = false;
    showError("");
    if (matchMedia("(max-width: 820px)").matches) byId("result").scrollIntoView({ behavior: "smooth" });
  }

  think(text) {
    if (!this.text) this.segment("");
    this.text.append(text);
  }

  segment(injected) {
    const holder = document.createElement("div");
    holder.className = "segment";
    const thought = document.createElement("pre");
    if (injected) {
      const mark = document.createElement("mark");
      mark.textContent = injected;
      mark.title = "The model ended its thinking here; the stop was ignored.";
      thought.append(mark);
      this.skip = injected;
    }
    this.label = document.createElement("span");
    this.label.className = "quiet";
    holder.append(thought, this.label);
    byId("thoughts").append(holder);
    this.text = thought;
  }

  note(note) {
    if (note.type === "ignored_stop" && note.chain === 0) this.segment(note.injected);
    if (note.type === "segment" && note.chain === 0) {
      const why = { closed: "ended by itself", eos: "ended its turn", capped: "out of tokens", looped: "repeated itself" };
      this.seconds[note.segment] = this.elapsed();
      if (this.label) this.label.textContent = `${note.tokens} tokens, ${why[note.stop] ?? note.stop}`;
    }
    if (note.type === "answer") {
      const before = this.answers.get(note.level);
      const text = before && before.tries === note.tries ? before.text + note.text : note.text;
      this.answers.set(note.level, { tries: note.tries, text });
      this.showLevel(note.level, { content: text.trim() });
    }
    if (note.type === "spent") byId("spent").textContent = this.cost(note.tokens, note.seconds);
  }

  reasoning(text) {
    if (this.skip) { // the ignore string is a part of the reasoning, and stands there already
      const skip = this.skip;
      this.skip = "";
      text = text.startsWith(skip) ? text.slice(skip.length) : text;
    }
    if (text) this.think(text);
  }

  content(text) {
    byId("answer-box").hidden = false;
    byId("answer").append(text);
  }

  showLevel(level, shown) {
    if (!this.asked.levels || !this.asked.tokens) return;
    byId("levels-box").hidden = false;
    let card = byId(`level-${level}`);
    if (!card) {
      card = document.createElement("div");
      card.className = "level";
      card.id = `level-${level}`;
      const [title, text, cost] = ["b", "p", "span"].map((kind) => document.createElement(kind));
      title.textContent = `${level} ignored`;
      cost.className = "quiet";
      card.append(title, text, cost);
      const cards = byId("level-cards");
      const after = [...cards.children].find((other) => Number(other.id.slice(6)) > level);
      cards.insertBefore(card, after ?? null);
    }
    card.classList.toggle("last", level === this.asked.ignore);
    card.querySelector("p").textContent = shown.content;
    if (shown.cost) card.querySelector("span").textContent = shown.cost;
  }

  end(extra) {
    for (const level of extra.levels) {
      const seconds = this.seconds[Math.min(level.level, this.seconds.length - 1)];
      const cost = `${level.thinking_tokens.toLocaleString("en")} tokens${seconds ? `\n${seconds.toFixed(1)} s` : ""}`;
      const early = level.same_as === null ? "" : `\nas after ${level.same_as}`;
      this.showLevel(level.level, { content: level.content, cost: cost + early });
    }
    this.link({ ...this.asked, seed: String(extra.seed) });
  }

  link(asked) {
    const all = encodeURIComponent(JSON.stringify({ ...asked, pictures }));
    const fits = all.length <= MOST_LINK;
    byId("repeat").href = `#${fits ? all : encodeURIComponent(JSON.stringify(asked))}`;
    byId("repeat-note").textContent = fits ? "" : "(the pictures are too large for a link; add them again)";
    byId("repeat-row").hidden = false;
  }

  elapsed() {
    return (performance.now() - this.began) / 1000;
  }

  cost(tokens, seconds) {
    const rate = seconds > 0 ? `, ${Math.round(tokens / seconds)} tokens/s` : "";
    return `${tokens.toLocaleString("en")} tokens, ${seconds.toFixed(1)} s${rate}`;
  }
}

// ---------------------------------------------------------------- asking

function bodyOf(asked) {
  const levels = Array.from({ length: asked.ignore + 1 }, (_, level) => level);
  const parts = pictures.map((url) => ({ type: "image_url", image_url: { url } }));
  const messages = [{ role: "user", content: [...parts, { type: "text", text: asked.question }] }];
  if (asked.system) messages.unshift({ role: "system", content: asked.system });
  const own = { events: true, num_ignore: asked.levels ? levels : asked.ignore };
  if (asked.string) own.ignore_strings = asked.string === facts.ignore_strings[0] ? facts.ignore_strings : [asked.string];
  if (asked.tokens) own.max_thinking_tokens = asked.tokens;
  return {
    model: facts.model,
    messages,
    stream: true,
    temperature: asked.temperature,
    ...(asked.seed ? { seed: Number(asked.seed) } : {}),
    ...(asked.tokens ? {} : { thinking: { type: "disabled" } }),
    s1m: own,
  };
}

function headers() {
  const key = byId("key").value.trim();
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
}

async function errorOf(reply) {
  try {
    return (await reply.json()).error.message;
  } catch {
    return `The gateway answered with status ${reply.status}.`;
  }
}

async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value;
    let end;
    while ((end = waiting.indexOf("\n\n")) >= 0) {
      const line = waiting.slice(0, end);
      waiting = waiting.slice(end + 2);
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
  }
}

async function ask() {
  const asked = dials();
  const result = new Result(asked);
  running = new AbortController();
  setRunning(true);
  let ended = false;
  try {
    const reply = await fetch("v1/chat/completions", {
      method: "POST", headers: headers(), body: JSON.stringify(bodyOf(asked)), signal: running.signal,
    });
    if (!reply.ok) throw new Error(await errorOf(reply));
    for await (const event of events(reply)) {
      if (event.error) throw new Error(event.error.message);
      const choice = event.choices?.[0];
      if (choice?.delta?.reasoning) result.reasoning(choice.delta.reasoning);
      if (choice?.delta?.content) result.content(choice.delta.content);
      if (event.s1m?.type) result.note(event.s1m);
      if (choice?.finish_reason) {
        ended = true;
        result.end(event.s1m);
      }
    }
    if (!ended) throw new Error("The reply broke off.");
  } catch (error) {
    showError(error.name === "AbortError" ? "Stopped." : error.message || "The gateway cannot be reached.");
  } finally {
    running = null;
    setRunning(false);
  }
}

function setRunning(is) {
  byId("go").disabled = is;
  byId("go").textContent = is ? "Thinking…" : "Ask";
  byId("stop").hidden = !is;
  byId("result").setAttribute("aria-busy", String(is));
}

// ---------------------------------------------------------------- the start

async function drawExample() {
  try {
    const example = await (await fetch("example.json")).json();
    pictures = [example.image];
    byId("question").value = example.question;
    showPictures();
  } catch {
    showError("The gateway cannot be reached.");
  }
}

function readLink() {
  if (location.hash.length < 2) return;
  try {
    const given = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    setDials(given);
    if (Array.isArray(given.pictures)) {
      pictures = given.pictures.filter((url) => typeof url === "string" && url.startsWith("data:image/"));
      showPictures();
    }
  } catch {
    showError("The link is damaged.");
  }
}

function listen() {
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) ask();
  });
  byId("stop").addEventListener("click", () => running?.abort());
  byId("example").addEventListener("click", drawExample);
  byId("files").addEventListener("change", (event) => {
    addFiles([...event.target.files]);
    event.target.value = "";
  });
  for (const id of ["ignore", "tokens", "temperature"]) byId(id).addEventListener("input", showDials);
  byId("question").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("ask").requestSubmit();
  });
  const drop = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    addFiles([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) addFiles(files);
  });
  window.addEventListener("hashchange", readLink);
}

async function start() {
  listen();
  try {
    facts = await (await fetch("page.json")).json();
  } catch {
    return showError("The gateway cannot be reached.");
  }
  byId("model").textContent = facts.model;
  byId("toy").hidden = !facts.bundled;
  byId("key-row").hidden = !facts.needs_key;
  budgets = budgetSteps(facts.most_thinking_tokens);
  byId("tokens").max = budgets.length - 1;
  const { num_ignore, max_thinking_tokens, thinking } = facts.default;
  setDials({
    ignore: num_ignore, tokens: thinking ? max_thinking_tokens : 0, temperature: facts.temperature,
    string: facts.ignore_strings[0],
  });
  readLink();
}

start();
