/**
 * Both passes over a graph, and what is to be said about them.
 *
 * A graph has `nodes`, operands before the gates that use them, the inputs first. A gate has an `operation`, by whose
 * name `operations` has a function of its operands that gives its value and its local derivatives: null where nothing
 * flows.
 */

/** The values of all nodes, and for each gate its local derivatives. */
export function forward(nodes, operations, inputs) {
  const values = [];
  const locals = [];
  for (const [i, node] of nodes.entries()) {
    if (node.operation) {
      [values[i], locals[i]] = operations[node.operation](...node.operands.map((j) => values[j]));
    } else {
      values[i] = i < inputs.length ? inputs[i] : node.number;
    }
  }
  return { values, locals };
}

/**
 * The adjoints of all nodes for one output, null where nothing flows, and the steps of the backward pass in order: what
 * flows back through one port of one gate, and what its operand's adjoint is then.
 */
export function backward(nodes, locals, output) {
  const adjoints = nodes.map(() => null);
  const reached = new Set();
  const steps = [];
  adjoints[output] = 1;
  for (let i = output; i >= 0; i--) {
    const { operation, operands } = nodes[i];
    if (adjoints[i] === null || !operation) continue;
    for (const [port, j] of operands.entries()) {
      if (!nodes[j].wanted) continue;
      const adds = reached.has(j);
      const step = { gate: i, port, operand: j, adjoint: adjoints[i], adds };
      const local = locals[i][port];
      reached.add(j);
      step.before = adjoints[j] ?? 0;
      step.local = local;
      step.flow = local === null ? 0 : adjoints[i] * local;
      if (local !== null) {
        adjoints[j] = adjoints[j] === null ? step.flow : adjoints[j] + step.flow;
      }
      step.total = adjoints[j] ?? 0;
      steps.push(step);
    }
  }
  return { adjoints, steps };
}

/** The double that is `steps` doubles above x, or below it. */
export function neighbour(x, steps) {
  const bits = new BigInt64Array(1);
  const double = new Float64Array(bits.buffer);
  const sign = BigInt(-1) << BigInt(63);
  double[0] = x;
  // As whole numbers the positive doubles are in order, the negative ones in reverse.
  const rank = bits[0] < 0 ? sign - bits[0] : bits[0];
  const moved = rank + BigInt(steps);
  bits[0] = moved < 0 ? sign - moved : moved;
  return double[0];
}

/** The gates at a kink, or at a jump of their value, whose choice reaches the derivatives. */
export function kinks(nodes, operations, { values }, adjoints) {
  const decides = nodes.map(() => false);
  const found = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { operation, operands, wanted, truth, chooses, kinked } = nodes[i];
    const flows = adjoints[i] !== null && adjoints[i] !== 0;
    if (!operation || !wanted || !(flows || decides[i])) continue;
    if (truth || chooses) {
      // What a choice rests on reaches the answer although no gradient flows there.
      for (const j of chooses ? operands.slice(0, 1) : operands) decides[j] = true;
    }
    const kink = kinked && kinkOf(nodes, operations, values, i);
    if (kink && (flows || kink.jump)) found.unshift(kink);
  }
  return found;
}

function kinkOf(nodes, operations, values, i) {
  const { operation, operands, variadic } = nodes[i];
  if (![i, ...operands].every((j) => Number.isFinite(values[j]))) return null;
  for (const [port, j] of operands.entries()) {
    // Of any number of operands only those in a tie, or all zero, can be at a kink.
    if (!nodes[j].wanted || (variadic && values[j] !== values[i])) continue;
    const moved = (steps) => {
      const at = operands.map((k) => values[k]);
      at[port] = neighbour(at[port], steps);
      const [value, locals] = operations[operation](...at);
      return [locals[port] ?? 0, value];
    };
    const [left, below] = moved(-1);
    const [right, above] = moved(1);
    const [here] = moved(0);
    const gap = neighbour(values[j], 1) - values[j];
    const kink = { gate: i, operand: j, left, right, here, jump: false };
    if (Math.abs(above - below) > 16 * gap * (1 + Math.abs(left) + Math.abs(right))) {
      return {
        ...kink,
        left: below,
        right: above,
        here: values[i],
        jump: true,
      };
    }
    // The step of a kink stays as it is seen from farther away; that of a smooth function grows.
    const jump = Math.abs(right - left);
    const farther = Math.abs(moved(4)[0] - moved(-4)[0]);
    const size = Math.max(Math.abs(left), Math.abs(right));
    if (jump > 1e-9 * size && farther < 2 * jump && !Number.isNaN(here)) return kink;
  }
  return null;
}

/** The gate where a number that is not finite first arose on the way to a node. */
export function cause(nodes, values, node) {
  let at = node;
  for (;;) {
    const next = nodes[at].operands.find((j) => !Number.isFinite(values[j]));
    if (next === undefined) return at;
    at = next;
  }
}

/** The shortest text that reads back as the same double, as the shell writes it. */
export function shortest(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  return written(x.toExponential(), 16);
}

/** A number with so many significant digits, as C's %g writes it. */
export function rounded(x, digits) {
  if (!Number.isFinite(x) || x === 0) return shortest(x);
  let text = x.toExponential(digits - 1);
  // A tie goes to the even digit there, and away from zero here.
  const [exact, power] = x.toExponential(60).split("e");
  const end = exact.indexOf(".") + digits;
  const kept = exact.slice(0, end);
  if (/^50*$/.test(exact.slice(end)) && /[02468]\.?$/.test(kept)) text = `${kept}e${power}`;
  return written(text, digits);
}

/** The digits of a number in scientific notation, in the notation that suits its size. */
function written(text, digits) {
  const [mantissa, power] = text.split("e");
  const exponent = Number(power);
  const sign = mantissa.startsWith("-") ? "-" : "";
  const all = mantissa.replace(/\D/g, "").replace(/0+$/, "");
  if (exponent < -4 || exponent >= digits) {
    const fraction = all.length > 1 ? `.${all.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${all[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${all}`;
  const whole = all.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = all.slice(exponent + 1);
  return sign + whole + (fraction && `.${fraction}`);
}
