// A network in memory, and its ONNX file.
//
// graph = { name, inputs, outputs, nodes, tensors }
//   inputs, outputs: [{ name, shape }]; a text in a shape ("n") is a free dimension
//   nodes:   [{ op, inputs, outputs, attrs }] in an order in which everything is made before it is used;
//            attrs: whole number, list of whole numbers, text, { float }, or { tensor } (of Constant)
//   tensors: Map of name to { type, shape, data }; constants, type as in TYPES
//   opset:   version of the operators, as read from a file; what is built here needs no more than OPSET
import { Writer, fields, toFloats, toInt, toInts } from './protobuf.mjs';

const TYPES = {
  f32: { code: 1, array: Float32Array },
  u8: { code: 2, array: Uint8Array },
  s8: { code: 3, array: Int8Array },
  s32: { code: 6, array: Int32Array },
  i64: { code: 7, array: BigInt64Array },
};
const OPSET = 13; // the first with per-channel DequantizeLinear
const IR_VERSION = 8; // good for opsets up to 18

export const f32 = (shape, data) => ({ type: 'f32', shape, data: Float32Array.from(data) });
export const i64 = (values) => ({ type: 'i64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
export const size = (shape) => shape.reduce((a, b) => a * b, 1);

export function encode(graph) {
  return new Writer()
    .int(1, IR_VERSION)
    .string(2, 'mien')
    .message(7, (w) => writeGraph(w, graph))
    .message(8, (w) => w.string(1, '').int(2, graph.opset ?? OPSET))
    .finish();
}

function writeGraph(w, graph) {
  graph.nodes.forEach((node, i) => w.message(1, (n) => writeNode(n, node, i)));
  w.string(2, graph.name);
  for (const [name, tensor] of graph.tensors) w.message(5, (t) => writeTensor(t, name, tensor));
  for (const value of graph.inputs) w.message(11, (v) => writeValue(v, value));
  for (const value of graph.outputs) w.message(12, (v) => writeValue(v, value));
}

function writeNode(w, node, i) {
  node.inputs.forEach((name) => w.string(1, name));
  node.outputs.forEach((name) => w.string(2, name));
  w.string(3, `${node.op}_${i}`).string(4, node.op);
  for (const [name, value] of Object.entries(node.attrs ?? {})) w.message(5, (a) => writeAttribute(a, name, value));
}

function writeAttribute(w, name, value) {
  w.string(1, name);
  if (typeof value === 'number') w.int(3, value).int(20, 2);
  else if (typeof value === 'string') w.string(4, value).int(20, 3);
  else if (Array.isArray(value)) w.ints(8, value).int(20, 7);
  else if (value.float !== undefined) w.float(2, value.float).int(20, 1);
  else if (value.tensor) w.message(5, (t) => writeTensor(t, '', value.tensor)).int(20, 4);
  else throw new Error(`onnx: attribute ${name} is of a kind that cannot be written`);
}

function writeTensor(w, name, { type, shape, data }) {
  if (data.length !== size(shape)) throw new Error(`onnx: ${name} has ${data.length} numbers for a shape of ${shape}`);
  if (shape.length) w.ints(1, shape);
  w.int(2, TYPES[type].code).string(8, name).bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
}

function writeValue(w, { name, shape }) {
  const dimension = (d) => (x) => (typeof d === 'string' ? x.string(2, d) : x.int(1, d));
  w.string(1, name).message(2, (type) =>
    type.message(1, (tensor) => tensor.int(1, 1).message(2, (s) => shape.forEach((d) => s.message(1, dimension(d))))));
}

// Reads what published networks of opset 9 to 13 hold. Constant nodes become tensors; names of nodes are forgotten.
export function decode(buffer) {
  let graph = null;
  let opset = OPSET;
  for (const { field, value } of fields(buffer)) {
    if (field === 7) graph = readGraph(value);
    else if (field === 8) opset = readOpset(value) ?? opset;
  }
  if (!graph) throw new Error('onnx: the file holds no graph');
  return foldConstants({ ...graph, opset });
}

// null for the operators of other domains
function readOpset(buffer) {
  const { domain, version } = { domain: '', ...Object.fromEntries([...fields(buffer)].map(({ field, value }) =>
    (field === 1 ? ['domain', value.toString()] : ['version', toInt(value)]))) };
  return domain === '' ? version : null;
}

function readGraph(buffer) {
  const graph = { name: '', inputs: [], outputs: [], nodes: [], tensors: new Map() };
  for (const { field, value } of fields(buffer)) {
    if (field === 1) graph.nodes.push(readNode(value));
    else if (field === 2) graph.name = value.toString();
    else if (field === 5) readTensor(value, graph.tensors);
    else if (field === 11) graph.inputs.push(readValue(value));
    else if (field === 12) graph.outputs.push(readValue(value));
  }
  // Files of before IR version 4 list their constants among the inputs.
  graph.inputs = graph.inputs.filter(({ name }) => !graph.tensors.has(name));
  return graph;
}

function readNode(buffer) {
  const node = { op: '', inputs: [], outputs: [], attrs: {} };
  for (const { field, value } of fields(buffer)) {
    if (field === 1) node.inputs.push(value.toString());
    else if (field === 2) node.outputs.push(value.toString());
    else if (field === 4) node.op = value.toString();
    else if (field === 5) readAttribute(value, node.attrs);
  }
  return node;
}

function readAttribute(buffer, attrs) {
  let name = '';
  let result = [];
  for (const { field, value } of fields(buffer)) {
    if (field === 1) name = value.toString();
    else if (field === 2) result = { float: value.readFloatLE(0) };
    else if (field === 3) result = toInt(value);
    else if (field === 4) result = value.toString();
    else if (field === 5) result = { tensor: readTensor(value, new Map()) };
    else if (field === 8) result = result.concat(toInts(value));
    else if (field !== 20) throw new Error(`onnx: attribute ${name} is of a kind that cannot be read (${field})`);
  }
  attrs[name] = result;
}

function readTensor(buffer, tensors) {
  let code = 0;
  let name = '';
  let raw = null;
  const shape = [];
  const numbers = [];
  for (const { field, value } of fields(buffer)) {
    if (field === 1) shape.push(...toInts(value));
    else if (field === 2) code = toInt(value);
    else if (field === 4) numbers.push(...toFloats(value));
    else if (field === 5 || field === 7) numbers.push(...toInts(value));
    else if (field === 8) name = value.toString();
    else if (field === 9) raw = value;
  }
  const type = Object.keys(TYPES).find((key) => TYPES[key].code === code);
  if (!type) throw new Error(`onnx: tensor ${name} is of type ${code}, which is not read`);
  const { array } = TYPES[type];
  const data = raw ? new array(Uint8Array.from(raw).buffer) : array.from(type === 'i64' ? numbers.map(BigInt) : numbers);
  const tensor = { type, shape, data };
  tensors.set(name, tensor);
  return tensor;
}

function readValue(buffer) {
  const value = { name: '', shape: [] };
  const inner = (bytes, wanted) => [...fields(bytes)].filter(({ field }) => field === wanted).map((f) => f.value);
  value.name = inner(buffer, 1)[0].toString();
  const [shape] = inner(buffer, 2).flatMap((type) => inner(type, 1)).flatMap((tensor) => inner(tensor, 2));
  for (const dimension of shape ? inner(shape, 1) : []) {
    const [fixed] = inner(dimension, 1);
    value.shape.push(fixed === undefined ? (inner(dimension, 2)[0] ?? 'n').toString() : toInt(fixed));
  }
  return value;
}

function foldConstants(graph) {
  for (const node of graph.nodes) if (node.op === 'Constant') graph.tensors.set(node.outputs[0], node.attrs.value.tensor);
  graph.nodes = graph.nodes.filter((node) => node.op !== 'Constant');
  return graph;
}
