"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const COLORS = ["#ff4d4d", "#3d9bff", "#ffd60a", "#e85dff", "#2ee6a6", "#ff9f0a"];
  const OVERLAYS = ["Masks and outlines", "Outlines", "Picture alone"];
  const MARKED = /<p>([^<]*)<\/p>\s*\[SEG\]/g;
  const store = `lasers-review:${data.sheet}`;

  let kept = { reviewer: data.reviewer, place: 0, decisions: {} };
  try {
    kept = { ...kept, ...JSON.parse(localStorage.getItem(store) || "{}") };
  } catch (_) { /* a browser without storage reviews all the same */ }
  const keep = () => {
    try { localStorage.setItem(store, JSON.stringify(kept)); } catch (_) { /* as above */ }
  };

  let overlay = 0, close = false, view = { x: 0, y: 0, scale: 1 };
  const pictures = {};
  const shapes = new Map();

  const item = () => data.items[kept.place];
  const decision = () => kept.decisions[item().id] || { points: {}, note: "" };
  const judged = (d) => Boolean(d) && data.points.every((p) => p.name in d.points);
  const good = (d) => judged(d) && data.points.every((p) => d.points[p.name]);

  // ---- masks: COCO's compressed run lengths, column by column

  function runs(counts) {
    const found = [];
    for (let i = 0; i < counts.length;) {
      let value = 0, shift = 0, group;
      do {
        group = counts.charCodeAt(i++) - 48;
        value |= (group & 31) << shift;
        shift += 5;
      } while (group & 32);
      if (group & 16) value |= -1 << shift;
      if (found.length > 2) value += found[found.length - 2];
      found.push(value);
    }
    return found;
  }

  function decode({ size: [height, width], counts }) {
    const mask = new Uint8Array(height * width);
    let place = 0, on = false;
    for (const run of runs(counts)) {
      if (on) {
        for (let i = place; i < place + run; i++) mask[(i % height) * width + Math.floor(i / height)] = 1;
      }
      place += run;
      on = !on;
    }
    return mask;
  }

  // The filled mask as a picture, its edges as a path, its box: made once for each target.
  function shape(target, color) {
    if (shapes.has(target)) return shapes.get(target);
    const [height, width] = target.mask.size, mask = decode(target.mask);
    const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d");
    const pixels = pen.createImageData(width, height);
    const rgb = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
    const path = new Path2D(), box = [width, height, 0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        if (!mask[i]) continue;
        pixels.data.set([...rgb, 255], 4 * i);
        box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x + 1); box[3] = Math.max(box[3], y + 1);
        if (x === 0 || !mask[i - 1]) { path.moveTo(x, y); path.lineTo(x, y + 1); }
        if (x === width - 1 || !mask[i + 1]) { path.moveTo(x + 1, y); path.lineTo(x + 1, y + 1); }
        if (y === 0 || !mask[i - width]) { path.moveTo(x, y); path.lineTo(x + 1, y); }
        if (y === height - 1 || !mask[i + width]) { path.moveTo(x, y + 1); path.lineTo(x + 1, y + 1); }
      }
    }
    pen.putImageData(pixels, 0, 0);
    const made = { canvas, path, box };
    shapes.set(target, made);
    return made;
  }

  // ---- the picture

  function fit() {
    const { height, width } = data.pictures[item().picture];
    let box = [0, 0, width, height];
    if (close) {
      const boxes = item().targets.map((t, i) => shape(t, COLORS[i % COLORS.length]).box);
      box = [0, 1].map((i) => Math.min(...boxes.map((b) => b[i])))
        .concat([2, 3].map((i) => Math.max(...boxes.map((b) => b[i]))));
      const room = Math.max(12, 0.35 * Math.max(box[2] - box[0], box[3] - box[1]));
      box = [box[0] - room, box[1] - room, box[2] + room, box[3] + room];
    }
    const { clientWidth: w, clientHeight: h } = at("view");
    const scale = 0.97 * Math.min(w / (box[2] - box[0]), h / (box[3] - box[1]));
    view = { scale, x: w / 2 - scale * (box[0] + box[2]) / 2, y: h / 2 - scale * (box[1] + box[3]) / 2 };
  }

  function paint() {
    const canvas = at("view"), ratio = devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const pen = canvas.getContext("2d"), picture = pictures[item().picture];
    if (!picture || !picture.complete) return;
    pen.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
    pen.imageSmoothingEnabled = view.scale < 2;
    pen.drawImage(picture, 0, 0);
    if (overlay === 2) return;
    pen.imageSmoothingEnabled = false;
    item().targets.forEach((target, i) => {
      const color = COLORS[i % COLORS.length], { canvas: fill, path } = shape(target, color);
      if (overlay === 0) {
        pen.globalAlpha = 0.3;
        pen.drawImage(fill, 0, 0);
        pen.globalAlpha = 1;
      }
      pen.lineWidth = 4 / view.scale;
      pen.strokeStyle = "rgba(0, 0, 0, 0.55)";
      pen.stroke(path);
      pen.lineWidth = 2 / view.scale;
      pen.strokeStyle = color;
      pen.stroke(path);
    });
  }

  function load(name) {
    if (!pictures[name]) {
      pictures[name] = new Image();
      pictures[name].onload = () => { if (item().picture === name) paint(); };
      pictures[name].src = data.pictures[name].src;
    }
  }

  // ---- the words

  function line(kind, ...parts) {
    const paragraph = document.createElement("p");
    paragraph.className = kind;
    paragraph.append(...parts);
    return paragraph;
  }

  function answer(text) {
    const parts = [];
    let from = 0, number = 0;
    for (const match of text.matchAll(MARKED)) {
      parts.push(text.slice(from, match.index));
      const span = document.createElement("span");
      span.className = "target";
      span.style.setProperty("--of", COLORS[number % COLORS.length]);
      span.dataset.number = ++number;
      span.textContent = match[1].trim();
      parts.push(span);
      from = match.index + match[0].length;
    }
    return [...parts, text.slice(from)];
  }

  function words() {
    const shown = item(), lines = [];
    if (shown.question) {
      lines.push(line("asked", shown.question), line("said", ...answer(shown.answer)));
    }
    if (shown.about) lines.push(line("asked", shown.about));
    if (shown.tags.length) lines.push(line("tags", shown.tags.join(" · ")));
    at("words").replaceChildren(...lines);
    at("flags").replaceChildren(...shown.flags.map((flag) => {
      const entry = document.createElement("li");
      entry.textContent = flag;
      return entry;
    }));
  }

  function points() {
    const { points: states } = decision();
    at("points").replaceChildren(...data.points.map((point, i) => {
      const state = point.name in states ? (states[point.name] ? "good" : "bad") : "open";
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.state = state;
      button.setAttribute("aria-pressed", String(state === "bad"));
      for (const [tag, text, kind] of [
        ["kbd", i + 1, ""], ["b", point.title, ""],
        ["span", { good: "✓ good", bad: "✗ bad", open: "open" }[state], "state"], ["small", point.about, ""],
      ]) {
        const part = document.createElement(tag);
        part.textContent = text;
        part.className = kind;
        button.append(part);
      }
      button.onclick = () => toggle(i);
      const entry = document.createElement("li");
      entry.append(button);
      return entry;
    }));
    const bad = Object.values(states).includes(false);
    at("accept").lastElementChild.textContent = bad ? "The rest is good, next" : "All good, next";
  }

  function progress() {
    const all = data.items.map((one) => kept.decisions[one.id]);
    const done = all.filter(judged).length, fine = all.filter(good).length;
    at("count").textContent = `${done} of ${all.length} judged, ${done - fine} rejected`;
    at("good").style.width = `${100 * fine / all.length}%`;
    at("bad").style.width = `${100 * (done - fine) / all.length}%`;
  }

  function show() {
    at("place").textContent = `${kept.place + 1} of ${data.items.length} · ${item().picture}`;
    at("note").value = decision().note;
    at("overlay").lastElementChild.textContent = OVERLAYS[overlay];
    at("zoom").lastElementChild.textContent = close ? "Closer" : "Whole picture";
    load(item().picture);
    if (kept.place + 1 < data.items.length) load(data.items[kept.place + 1].picture);
    words();
    points();
    progress();
    fit();
    paint();
  }

  // ---- what a reviewer does

  function say(text) { at("message").textContent = text; }

  function change(edit) {
    const made = { points: {}, note: "", ...structuredClone(decision()) };
    edit(made);
    made.time = new Date().toISOString();
    kept.decisions[item().id] = made;
    keep();
  }

  function toggle(i) {
    const { name } = data.points[i];
    change((d) => { d.points[name] = d.points[name] === false; });
    say("");
    show();
  }

  function accept() {
    change((d) => data.points.forEach((p) => { if (!(p.name in d.points)) d.points[p.name] = true; }));
    say("");
    open();
  }

  function go(place) {
    kept.place = Math.max(0, Math.min(data.items.length - 1, place));
    keep();
    show();
  }

  function open() {
    const order = data.items.map((_, i) => (kept.place + 1 + i) % data.items.length);
    const next = order.find((i) => !judged(kept.decisions[data.items[i].id]));
    if (next === undefined) say("Everything is judged. Save the decisions with S.");
    go(next ?? kept.place);
  }

  function clear() {
    delete kept.decisions[item().id];
    keep();
    show();
  }

  function save() {
    kept.reviewer = at("reviewer").value.trim();
    keep();
    if (!kept.reviewer) {
      say("Write your name at the top first.");
      at("reviewer").focus();
      return;
    }
    const decisions = data.items.filter((one) => judged(kept.decisions[one.id]))
      .map((one) => ({ id: one.id, ...kept.decisions[one.id] }));
    const { sheet, kind, audit } = data;
    const text = JSON.stringify({ format: 1, sheet, kind, audit, reviewer: kept.reviewer, decisions }, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "application/json" }));
    link.download = `${data.name}-${kept.reviewer.replace(/[^\w-]+/g, "_")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say(`Saved ${decisions.length} decisions as ${link.download}.`);
  }

  const look = (name) => {
    if (name === "overlay") overlay = (overlay + 1) % OVERLAYS.length;
    else close = !close;
    show();
  };

  const KEYS = {
    Enter: accept, s: save, u: clear, g: open,
    o: () => look("overlay"), z: () => look("zoom"),
    n: () => at("note").focus(),
    ArrowRight: () => go(kept.place + 1), ArrowLeft: () => go(kept.place - 1),
    j: () => go(kept.place + 1), k: () => go(kept.place - 1),
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLInputElement) {
      if (event.key === "Enter" || event.key === "Escape") {
        event.target.blur();
        event.preventDefault();
      }
      return;
    }
    const digit = Number(event.key);
    const act = digit >= 1 && digit <= data.points.length
      ? () => toggle(digit - 1)
      : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  for (const [id, act] of Object.entries({
    accept, save, clear, open, overlay: KEYS.o, zoom: KEYS.z,
    next: KEYS.ArrowRight, previous: KEYS.ArrowLeft,
  })) {
    at(id).onclick = (event) => {
      act();
      event.currentTarget.blur(); // keys go on to act on the item, not on a button
    };
  }
  at("note").onchange = () => change((d) => { d.note = at("note").value; });
  at("reviewer").onchange = () => { kept.reviewer = at("reviewer").value.trim(); keep(); };

  const canvas = at("view");
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / 400), { offsetX: x, offsetY: y } = event;
    view = { scale: view.scale * factor, x: x - factor * (x - view.x), y: y - factor * (y - view.y) };
    paint();
  }, { passive: false });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons !== 1) return;
    view.x += event.movementX;
    view.y += event.movementY;
    paint();
  });
  addEventListener("resize", () => { fit(); paint(); });

  at("title").textContent = data.title;
  at("reviewer").value = kept.reviewer;
  const linked = Number(location.hash.slice(1)); // page.html#12 opens the twelfth item
  if (linked >= 1) kept.place = Math.floor(linked) - 1;
  kept.place = Math.min(kept.place, data.items.length - 1);
  show();
  if (!kept.reviewer) at("reviewer").focus();
})();
