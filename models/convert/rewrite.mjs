// Exact rewrites of a graph: the same numbers (up to rounding) in forms that ONNX Runtime runs faster. It keeps pictures in
// blocks of 16 channels and unblocks them around every operator that it does not know in that layout.
import { f32, size } from './onnx.mjs';

const BLOCK = 16;

// What no output needs is left out.
export function prune(graph) {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  graph.nodes = graph.nodes.reverse().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false;
    node.inputs.forEach((name) => needed.add(name));
    return true;
  }).reverse();
  for (const name of graph.tensors.keys()) if (!needed.has(name)) graph.tensors.delete(name);
  return graph;
}

function replaceUses(graph, from, to) {
  for (const node of graph.nodes) node.inputs = node.inputs.map((name) => (name === from ? to : name));
}

// PReLU(x) = a·x + (1 - a)·relu(x), each factor a BatchNormalization, which stays in blocks; PRelu does not.
export function splitPrelu(graph) {
  graph.nodes = graph.nodes.flatMap((node) => {
    if (node.op !== 'PRelu') return [node];
    const [x, slope] = node.inputs;
    const [y] = node.outputs;
    const a = graph.tensors.get(slope).data;
    const zeros = new Float32Array(a.length);
    const ones = zeros.map(() => 1);
    const constant = (name, data) => {
      graph.tensors.set(`${y}/${name}`, f32([a.length], data));
      return `${y}/${name}`;
    };
    const factor = (from, scale, to) => ({
      op: 'BatchNormalization',
      inputs: [from, scale, constant('zero', zeros), constant('zero', zeros), constant('one', ones)],
      outputs: [to],
      attrs: { epsilon: { float: 0 } },
    });
    return [
      { op: 'Relu', inputs: [x], outputs: [`${y}/relu`], attrs: {} },
      factor(x, constant('a', a), `${y}/low`),
      factor(`${y}/relu`, constant('1-a', a.map((v) => 1 - v)), `${y}/high`),
      { op: 'Add', inputs: [`${y}/low`, `${y}/high`], outputs: [y], attrs: {} },
    ];
  });
  return prune(graph);
}

// Operators through which a channel of zeros passes as a channel of zeros, and that treat every channel alone.
const CHANNELWISE = new Set(['Relu', 'PRelu', 'BatchNormalization', 'MaxPool', 'AveragePool', 'Add']);
const isDepthwise = (graph, node) => node.op === 'Conv' && node.attrs.group > 1 && graph.tensors.get(node.inputs[1]).shape[1] === 1;
const isChannelPad = (graph, node) => node.op === 'Pad' && graph.tensors.get(node.inputs[1]).data.every((v, i) => i === 5 || v === 0n);

// Which values must have the same number of channels, and whether that number may grow.
class Widths {
  parent = new Map();
  fixed = new Set();
  channels = new Map();

  root(name) {
    let at = name;
    while (this.parent.has(at)) at = this.parent.get(at);
    return at;
  }

  join(a, b) {
    const [from, to] = [this.root(a), this.root(b)];
    if (from === to) return;
    this.parent.set(from, to);
    if (this.fixed.has(from)) this.fixed.add(to);
  }

  fix(name) {
    this.fixed.add(this.root(name));
  }

  wide(name) {
    const count = this.channels.get(name);
    return this.fixed.has(this.root(name)) ? count : Math.ceil(count / BLOCK) * BLOCK;
  }
}

function measureWidths(graph) {
  const widths = new Widths();
  const values = (node) => node.inputs.filter((name) => name && !graph.tensors.has(name));
  for (const { name, shape } of graph.inputs) widths.channels.set(name, shape[1]);
  for (const node of graph.nodes) {
    const inputs = values(node);
    const count = node.op === 'Conv' ? graph.tensors.get(node.inputs[1]).shape[0] : widths.channels.get(inputs[0]);
    const added = isChannelPad(graph, node) ? Number(graph.tensors.get(node.inputs[1]).data[5]) : 0;
    node.outputs.forEach((name) => widths.channels.set(name, count + added));
  }
  [...graph.inputs, ...graph.outputs].forEach(({ name }) => widths.fix(name));
  for (const node of graph.nodes) {
    if (CHANNELWISE.has(node.op) || isDepthwise(graph, node)) values(node).forEach((name) => widths.join(name, node.outputs[0]));
    else if (node.op !== 'Conv' && !isChannelPad(graph, node)) [...values(node), ...node.outputs].forEach((name) => widths.fix(name));
  }
  return widths;
}

// A tensor with its first two dimensions grown, the new part `fill`.
function grow({ shape, data }, first, second, fill = 0) {
  const [a, b = 1] = shape;
  const each = size(shape.slice(2));
  const out = new Float32Array(first * second * each).fill(fill);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) out.set(data.subarray((i * b + j) * each, (i * b + j + 1) * each), (i * second + j) * each);
  return f32(shape.length === 1 ? [first] : [first, second, ...shape.slice(2)], out);
}

function identityFilter(inputs, outputs, kept) {
  const data = new Float32Array(outputs * inputs);
  for (let i = 0; i < kept; i++) data[i * inputs + i] = 1;
  return f32([outputs, inputs, 1, 1], data);
}

// Grows channels to whole blocks with zeros, and adding channels becomes a 1×1 convolution with the identity (or nothing).
export function widenChannels(graph) {
  const widths = measureWidths(graph);
  const grown = new Map(); // so that a constant used twice grows once
  const set = (node, at, first, second, fill) => {
    if (!node.inputs[at]) return;
    const name = `${node.inputs[at]}/${first}`;
    if (!grown.has(name)) graph.tensors.set(name, grow(graph.tensors.get(node.inputs[at]), first, second, fill));
    grown.set(name, true);
    node.inputs[at] = name;
  };
  for (const node of graph.nodes) {
    const [x] = node.inputs;
    const [y] = node.outputs;
    const wide = widths.wide(y);
    if (isChannelPad(graph, node)) widenPad(graph, node, widths.wide(x), wide, widths.channels.get(x));
    else if (node.op === 'Conv') {
      const depthwise = isDepthwise(graph, node);
      set(node, 1, wide, depthwise ? 1 : widths.wide(x) / (node.attrs.group ?? 1));
      set(node, 2, wide, 1);
      if (depthwise) node.attrs.group = wide;
    } else if (node.op === 'PRelu') {
      const slope = graph.tensors.get(node.inputs[1]);
      graph.tensors.set(`${y}/wide`, f32([wide, 1, 1], grow(f32([slope.data.length], slope.data), wide, 1).data));
      node.inputs[1] = `${y}/wide`;
    } else if (node.op === 'BatchNormalization') {
      for (const at of [1, 2, 3, 4]) set(node, at, wide, 1, at === 4 ? 1 : 0);
    }
  }
  for (const node of graph.nodes.filter(({ op }) => op === 'Identity')) replaceUses(graph, node.outputs[0], node.inputs[0]);
  return prune(graph);
}

function widenPad(graph, node, from, to, kept) {
  const [y] = node.outputs;
  if (from === to) {
    Object.assign(node, { op: 'Identity', inputs: [node.inputs[0]] });
    return;
  }
  graph.tensors.set(`${y}/identity`, identityFilter(from, to, kept));
  Object.assign(node, { op: 'Conv', inputs: [node.inputs[0], `${y}/identity`], attrs: { kernel_shape: [1, 1], group: 1 } });
}
