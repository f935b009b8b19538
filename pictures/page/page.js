/** The page that plays both passes: the picture, the stages, the inputs and the quiz. */

import { operations } from "./operations.js";
import { backward, cause, forward, kinks, rounded, shortest } from "./passes.js";

const data = JSON.parse(document.getElementById("data").textContent);
const { nodes, inputs, outputs, digits } = data;
const byId = (id) => document.getElementById(id);
const number = (x) => rounded(x, digits);
for (const node of nodes) {
  if (typeof node.number === "string") node.number = Number(node.number);
}

/** What is shown: the values of the inputs, the number of the output and that of the stage. */
const state = {
  inputs: inputs.map((input) => Number(input.value)),
  output: 0,
  stage: 0,
};
/** What follows from it: values, local derivatives, adjoints and the stages. */
let passes;
const quiz = { on: false, right: new Set(), shown: new Set(), helped: new Set() };

// --- Stages ----------------------------------------------------------------------------------------------------------

function compute() {
  const found = forward(nodes, operations, state.inputs);
  const output = outputs[state.output];
  const back = data.gradient ? backward(nodes, found.locals, output) : { adjoints: nodes.map(() => null), steps: [] };
  const stages = [{ kind: "start", key: "start" }];
  for (const [i, node] of nodes.entries()) {
    if (node.operation) stages.push({ kind: "forward", key: `f${i}`, node: i });
  }
  if (data.gradient) {
    stages.push({ kind: "seed", key: "seed", node: output });
    for (const step of back.steps)
      stages.push({
        kind: "backward",
        key: `b${step.gate}-${step.port}`,
        ...step,
      });
  }
  passes = { ...found, ...back, stages, output };
  state.stage = Math.min(state.stage, stages.length - 1);
}

/** What a stage says: a formula, the same in numbers and signs, its result, and what the gate does. */
function words(stage) {
  const said = { formula: "the inputs", numbers: [], result: null, deed: "" };
  if (stage.kind === "start") return said;
  const { name, gradient, formula } = nodes[stage.node ?? stage.operand];
  if (stage.kind === "forward") {
    const result = passes.values[stage.node];
    return { ...said, formula: `${name} = ${formula}`, result };
  }
  if (stage.kind === "seed") return { ...said, formula: `${gradient} = 1`, result: 1 };
  const gate = nodes[stage.gate];
  const sign = stage.adds ? "+=" : "=";
  const before = stage.adds ? [stage.before, " + "] : [];
  const result = stage.total;
  if (stage.local === null) {
    const numbers = stage.adds ? [...before, "0"] : [];
    const deed = gate.idle;
    return { formula: `${gradient} ${sign} 0`, numbers, result, deed };
  }
  const factor = number(stage.local).replace(/^-.*/, "($&)");
  const product = gate.products[stage.port] ?? `${gate.gradient} * ${factor}`;
  return {
    formula: `${gradient} ${sign} ${product}`,
    numbers: [...before, stage.adjoint, " * ", stage.local],
    result,
    deed: gate.deed + (stage.adds ? "; gradients add up" : ""),
  };
}

/** Whether the quiz still asks for the number of a stage. */
function asks(stage) {
  return (
    quiz.on &&
    stage.kind === "backward" &&
    stage.local !== null &&
    !quiz.right.has(stage.key) &&
    !quiz.shown.has(stage.key)
  );
}

// --- The picture -----------------------------------------------------------------------------------------------------

const picture = document.querySelector("#picture svg");
/** The elements of a node: its group, and its texts of value and gradient. */
const boxes = new Map();
const gates = new Map();
const wires = [];

function find() {
  for (const group of picture.querySelectorAll("[data-position]")) {
    const texts = (name) => group.querySelector(`.${name}`);
    boxes.set(Number(group.dataset.position), {
      group,
      value: texts("value"),
      gradient: texts("gradient"),
      sign: texts("sign"),
    });
  }
  for (const group of picture.querySelectorAll("[data-gate]")) gates.set(Number(group.dataset.gate), group);
  for (const [k, group] of [...picture.querySelectorAll("[data-wire]")].entries()) {
    const local = group.querySelector(".local");
    const wire = { ...data.wires[group.dataset.wire], group, local };
    wires[k] = wire;
    const reach = group.querySelector("path").cloneNode();
    reach.setAttribute("class", "reach");
    group.append(reach);
    group.addEventListener("pointerenter", () => tell(wire));
    group.addEventListener("pointerleave", () => tell(null));
  }
  for (const text of picture.querySelectorAll("text")) centre(text);
  // A wide graph shrinks with the window, but not until nobody can read it.
  picture.style.minWidth = `${0.5 * picture.width.baseVal.value}px`;
}

/**
 * Centre a text where it stands and note its room, since the reader's font is not the one it was drawn with: for a name
 * that of its box, for a number the widest one, which stands there now.
 */
function centre(text) {
  const box = text.matches(".name") && text.parentNode.querySelector(".face");
  const { x, width } = (box || text).getBBox();
  text.setAttribute("text-anchor", "middle");
  text.setAttribute("x", String(x + width / 2));
  text.dataset.room = box ? width - 4 : width;
  if (box) fit([text]);
}

/** Write a number, or a word in its place; true where that is news. */
function write(element, text, number) {
  if (element.textContent === text && element.dataset.number === number) return false;
  element.textContent = text;
  element.dataset.number = number;
  return true;
}

/** Set texts into the room that they have, in smaller type where they are wider. */
function fit(texts) {
  for (const text of texts) text.style.fontSize = "";
  // To measure after each change would lay the page out anew each time.
  const widths = texts.map((text) => text.getComputedTextLength());
  for (const [k, text] of texts.entries()) {
    const wide = widths[k] / text.dataset.room;
    if (wide > 1) text.style.fontSize = `${Number(text.getAttribute("font-size")) / wide}px`;
  }
}

/** What flows back along a wire: what arrives at its gate times the local derivative. */
function tell(wire) {
  if (!wire || !data.gradient) {
    byId("wire").textContent = "";
    return;
  }
  const flows = wire.ports.map(([gate, port]) => ({
    arrives: passes.adjoints[gate],
    local: passes.locals[gate][port],
  }));
  const texts = flows
    .filter(({ arrives, local }) => arrives !== null && local !== null)
    .map(({ arrives, local }) => `${number(arrives)} * ${number(local)} = ${number(arrives * local)}`);
  byId("wire").textContent = quiz.on ? "" : texts.join(", ") || "nothing flows here";
}

/** The stage from which on each value and each gradient is seen, and the gradient that is seen at this one. */
function seen() {
  const values = new Set();
  const gradients = new Map();
  for (const [i, node] of nodes.entries()) if (!node.operation) values.add(i);
  for (const stage of passes.stages.slice(0, state.stage + 1)) {
    if (stage.kind === "forward") values.add(stage.node);
    if (stage.kind === "seed") gradients.set(stage.node, 1);
    if (stage.kind === "backward") gradients.set(stage.operand, asks(stage) ? null : stage.total);
  }
  return { values, gradients };
}

/** The gate that is drawn for a gate: of a call or a sum that is drawn as one, that one. */
function drawn(gate) {
  return data.drawn[gate] ?? gate;
}

function paint() {
  const stage = passes.stages[state.stage];
  const current = stage.kind === "start" ? null : (stage.operand ?? stage.node);
  const gate = stage.kind === "seed" ? null : drawn(stage.gate ?? stage.node);
  for (const [i, box] of boxes) box.group.classList.toggle("current", i === current);
  for (const [i, group] of gates) group.classList.toggle("current", i === gate);
  gates.get(gate)?.scrollIntoView({ block: "nearest", inline: "center" });
  fit([...writeBoxes(), ...paintWires(stage)]);
}

/** Write the numbers of the stage into the boxes, and give the texts that changed. */
function writeBoxes() {
  const { values, gradients } = seen();
  const changed = [];
  for (const [i, { value, gradient, sign }] of boxes) {
    const x = passes.values[i];
    if (value && write(value, ...(values.has(i) ? [rounded(x, data.short), shortest(x)] : ["", ""])))
      changed.push(value);
    if (!gradient) continue;
    const total = gradients.get(i);
    const known = typeof total === "number";
    const text = known ? rounded(total, data.short) : gradients.has(i) ? "?" : "";
    if (write(gradient, text, known ? shortest(total) : "")) {
      sign.textContent = text && "∂ ";
      changed.push(gradient.parentNode);
    }
  }
  return changed;
}

/** Light up and dash the wires of a stage, and give the texts that changed. */
function paintWires(stage) {
  const { adjoints, locals } = passes;
  const goesBack = ["seed", "backward"].includes(stage.kind);
  const changed = [];
  for (const { group, ports, to, local } of wires) {
    const lit =
      stage.kind === "backward"
        ? ports.some(([i, k]) => i === stage.gate && k === stage.port)
        : stage.kind === "forward" && to === drawn(stage.node);
    group.classList.toggle("current", lit);
    const flows = ports.some(([i, k]) => adjoints[i] !== null && locals[i][k] !== null);
    group.classList.toggle("stopped", goesBack && !flows);
    if (!local) continue;
    const [[i, k]] = ports;
    const text = locals[i][k] === null || quiz.on ? "" : `× ${rounded(locals[i][k], data.short)}`;
    if (write(local, text, "")) changed.push(local);
  }
  return changed;
}

// --- Around the picture ----------------------------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A number in words and, for machines, to its last digit. */
function exactly(x) {
  return element("data", { value: shortest(x) }, number(x));
}

function announce() {
  const stage = passes.stages[state.stage];
  const { formula, numbers, result, deed } = words(stage);
  const status = [formula];
  if (asks(stage)) {
    status.push(" = ?");
  } else if (stage.kind !== "seed") {
    // "da = 0" says it all.
    const told = stage.kind === "forward" || numbers.length > 0;
    const sides = [numbers, told ? [result] : []];
    for (const side of sides.filter((each) => each.length)) {
      status.push(" = ");
      for (const each of side) status.push(typeof each === "number" ? exactly(each) : each);
    }
  }
  if (deed) status.push(element("small", {}, deed));
  byId("status").replaceChildren(...status);
  byId("back").disabled = byId("restart").disabled = state.stage === 0;
  byId("forward").disabled = state.stage === passes.stages.length - 1;
  byId("question").hidden = !quiz.on;
  if (quiz.on) ask(stage);
}

let listed = "";

function list() {
  const { stages } = passes;
  const key = stages.map((stage) => stage.key).join();
  const items = byId("stages").querySelector("ol");
  if (key !== listed) {
    listed = key;
    items.replaceChildren(
      ...stages.map((stage, k) => {
        const link = element("a", { href: "#", class: stage.kind });
        link.dataset.stage = k;
        return element("li", {}, link);
      }),
    );
  }
  const values = permalink("");
  for (const [k, link] of [...items.querySelectorAll("a")].entries()) {
    const { formula, result } = words(stages[k]);
    const last = asks(stages[k]) ? " → ?" : ` → ${number(result)}`;
    const text = result === null ? formula : formula + last;
    if (link.textContent !== text) link.textContent = text;
    link.href = `${values}${k}`;
  }
  mark();
}

function mark() {
  const nav = byId("stages");
  nav.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const link = nav.querySelectorAll("a")[state.stage];
  link.setAttribute("aria-current", "step");
  if (nav.scrollHeight > nav.clientHeight) nav.scrollTop = link.offsetTop - nav.offsetTop - nav.clientHeight / 2;
}

function remark() {
  const { values, adjoints, output } = passes;
  const texts = [];
  const at = (i) => nodes[i].operands.map((j) => shortest(values[j])).join(", ");
  if (!Number.isFinite(values[output])) {
    const i = cause(nodes, values, output);
    texts.push(
      nodes[i].operation
        ? `warning: the value is ${shortest(values[output])}: ${nodes[i].title} is ${shortest(values[i])} at ${at(i)}`
        : `warning: the value is ${shortest(values[output])}: ${nodes[i].title} is given as ${shortest(values[i])}`,
    );
  }
  const wrong = inputs.map(({ name }) => name).filter((_, i) => !Number.isFinite(adjoints[i] ?? 0));
  if (wrong.length) texts.push(`warning: not finite: the derivative by ${wrong.join(", ")}`);
  for (const kink of kinks(nodes, operations, passes, adjoints)) {
    const kind = kink.jump ? "jump" : "kink";
    const printed = kink.jump ? "taken as" : "printed";
    texts.push(
      `note: ${nodes[kink.operand].title} is at a ${kind} of ${nodes[kink.gate].title}: ` +
        `${shortest(kink.left)} from the left, ${shortest(kink.right)} from the right; ${printed} ${shortest(kink.here)}`,
    );
  }
  byId("remarks").replaceChildren(...[...new Set(texts)].map((text) => element("li", {}, text)));
}

// --- Moving ----------------------------------------------------------------------------------------------------------

function go(stage) {
  state.stage = Math.max(0, Math.min(stage, passes.stages.length - 1));
  paint();
  announce();
  mark();
  remember();
}

/** Show everything anew, after an input, the output or the quiz has changed. */
function show() {
  compute();
  paint();
  announce();
  list();
  remark();
  remember();
}

let timer = 0;

function play(on) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (state.stage === passes.stages.length - 1) go(0);
    timer = setInterval(
      () => {
        const last = state.stage >= passes.stages.length - 1;
        if (last || asks(passes.stages[state.stage])) play(false);
        else go(state.stage + 1);
      },
      1200 / Number(byId("speed").value),
    );
  }
  byId("play").textContent = timer ? "Pause" : "Play";
}

/** The address of a stage at these values: the fragment of a permalink. */
function permalink(stage) {
  const pairs = inputs.map(({ name }, i) => `${encodeURIComponent(name)}=${shortest(state.inputs[i])}`);
  if (outputs.length > 1) pairs.push(`output:=${state.output + 1}`);
  return `#${[...pairs, `stage:=${stage}`].join("&")}`;
}

let remembering = 0;

function remember() {
  if (location.protocol === "about:") return; // a frame in a notebook has no address
  // Browsers limit how often the address may change.
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    if (location.hash !== permalink(state.stage)) history.replaceState(null, "", permalink(state.stage));
  }, 400);
}

function recall() {
  const found = new Map(
    location.hash
      .slice(1)
      .split("&")
      .map((pair) => {
        const end = pair.lastIndexOf("=");
        return [pair.slice(0, end), pair.slice(end + 1)];
      }),
  );
  for (const [i, { name }] of inputs.entries()) {
    const x = found.get(encodeURIComponent(name));
    if (x) state.inputs[i] = parsed(x) ?? state.inputs[i];
  }
  const output = Number(found.get("output:")) - 1;
  if (output in outputs) state.output = output;
  state.stage = Math.max(0, Math.trunc(Number(found.get("stage:"))) || 0);
  for (const [i, field] of fields.entries()) field.set(state.inputs[i]);
  byId("output").value = String(state.output);
  show();
}

function parsed(text) {
  const special = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  const x = text in special ? special[text] : Number(text);
  return text.trim() === "" || (Number.isNaN(x) && text !== "nan") ? null : x;
}

// --- Inputs ----------------------------------------------------------------------------------------------------------

const fields = [];

/** A number field and a slider for an input, over a range around its value. */
function field(i) {
  const { name, group } = inputs[i];
  const start = state.inputs[i];
  const reach = Number.isFinite(start) && start !== 0 ? 2 * Math.abs(start) : 1;
  const middle = Number.isFinite(start) ? start : 0;
  const label = element("label", { for: `input-${i}` }, name);
  const box = element("input", { id: `input-${i}`, inputmode: "decimal", autocomplete: "off" });
  const slider = element("input", {
    type: "range",
    "aria-label": name,
    min: middle - reach,
    max: middle + reach,
    step: "any",
  });
  const set = (x) => {
    box.value = shortest(x);
    box.removeAttribute("aria-invalid");
    slider.value = x;
  };
  const change = (x) => {
    state.inputs[i] = x;
    forget();
    play(false);
    show();
  };
  box.addEventListener("input", () => {
    const x = parsed(box.value);
    box.setAttribute("aria-invalid", x === null);
    if (x === null) return;
    slider.value = x;
    change(x);
  });
  slider.addEventListener("input", () => {
    // A position on the screen has no more than three digits.
    const unit = 10 ** Math.floor(Math.log10(reach / 500));
    const x = Number((Math.round(slider.value / unit) * unit).toPrecision(12));
    set(x);
    change(x);
  });
  fields[i] = { set };
  set(start);
  const row = element("div", { class: "inputs" }, label, box, slider);
  return { row, group };
}

function lay() {
  const groups = new Map();
  for (const i of inputs.keys()) {
    const { row, group } = field(i);
    if (group && !groups.has(group)) {
      const set = element("fieldset", {}, element("legend", {}, group));
      groups.set(group, set);
      byId("inputs").append(set);
    }
    (groups.get(group) ?? byId("inputs")).append(row);
  }
  byId("outputs").hidden = outputs.length < 2;
  byId("output").append(...outputs.map((i, k) => element("option", { value: k }, `${k + 1}: ${nodes[i].title}`)));
  byId("quizzes").hidden = !data.gradient;
}

// --- Quiz ------------------------------------------------------------------------------------------------------------

function forget() {
  for (const answers of [quiz.right, quiz.shown, quiz.helped]) answers.clear();
}

function ask(stage) {
  const open = asks(stage);
  const total = passes.stages.filter(({ kind, local }) => kind === "backward" && local !== null).length;
  const alone = [...quiz.right].filter((key) => !quiz.helped.has(key)).length;
  const end = state.stage === passes.stages.length - 1 && !open;
  byId("score").textContent = `${end ? "Score" : "So far"}: ${alone} of ${total} at the first try`;
  byId("asked").textContent = open ? `${nodes[stage.operand].gradient} is now` : "";
  for (const name of ["answer", "hint", "reveal"]) byId(name).hidden = !open;
  byId("question").querySelector("[type=submit]").hidden = !open;
  if (open) byId("answer").focus();
}

function judge(event) {
  event.preventDefault();
  const stage = passes.stages[state.stage];
  const text = byId("answer").value.trim().replace(",", ".").replace("−", "-");
  const x = parsed(text);
  if (!asks(stage) || x === null) {
    byId("verdict").textContent = "A number, please.";
    return;
  }
  const right = Object.is(x, stage.total) || Math.abs(x - stage.total) <= 0.01 * Math.abs(stage.total);
  if (right) quiz.right.add(stage.key);
  else quiz.helped.add(stage.key);
  settle(right ? "Right." : "Not yet.");
}

function settle(verdict) {
  byId("answer").value = "";
  paint();
  announce();
  list();
  byId("verdict").textContent = verdict;
  if (!asks(passes.stages[state.stage])) byId("forward").focus();
}

function hint() {
  const stage = passes.stages[state.stage];
  quiz.helped.add(stage.key);
  const before = stage.adds ? `${number(stage.before)} + ` : "";
  byId("verdict").textContent = `${before}upstream ${number(stage.adjoint)} times local ${number(stage.local)}`;
  byId("answer").focus();
}

// --- Start -----------------------------------------------------------------------------------------------------------

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const busy = event.target.closest("input, select, textarea");
  const acts = {
    ArrowRight: () => go(state.stage + 1),
    ArrowLeft: () => go(state.stage - 1),
    " ": () => play(!timer),
    Home: () => go(0),
    End: () => go(passes.stages.length - 1),
  };
  // A button or a link has a use of its own for the space bar.
  const own = event.key === " " && event.target.closest("button, a");
  if (busy || own || !(event.key in acts)) return;
  event.preventDefault();
  if (event.key !== " ") play(false);
  acts[event.key]();
}

function start() {
  const press = (id, act) => byId(id).addEventListener("click", act);
  const stop = (stage) => {
    play(false);
    go(stage());
  };
  press("restart", () => stop(() => 0));
  press("back", () => stop(() => state.stage - 1));
  press("forward", () => stop(() => state.stage + 1));
  press("play", () => play(!timer));
  press("hint", hint);
  press("reveal", () => {
    quiz.shown.add(passes.stages[state.stage].key);
    settle("");
  });
  byId("question").addEventListener("submit", judge);
  byId("speed").addEventListener("change", () => timer && play(true));
  byId("quiz").addEventListener("change", () => {
    quiz.on = byId("quiz").checked;
    forget();
    byId("verdict").textContent = "";
    show();
  });
  byId("output").addEventListener("change", () => {
    state.output = Number(byId("output").value);
    forget();
    show();
  });
  byId("stages").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    stop(() => Number(link.dataset.stage));
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", recall);
  find();
  lay();
  recall();
}

start();
