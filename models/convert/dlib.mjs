// dlib's face recognition network (a ResNet of 29 convolutions), from the quantised weights of face-api → a graph for ONNX.
//
// The structure is dlib's: a 7×7 convolution and a 3×3 pooling, then blocks of two 3×3 convolutions with a way around them.
// A "down" block halves the picture, and its way around is an average pooling; where it doubles the channels, the new ones
// are zeros on the way around. Every convolution has a bias and a scale (dlib's "affine"), which fold into its weights.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { f32, i64 } from './onnx.mjs';
import { filterToOnnx, readWeights } from './tfjs.mjs';

const BLOCKS = [
  'conv32_1', 'conv32_2', 'conv32_3', 'conv64_down', 'conv64_1', 'conv64_2', 'conv64_3', 'conv128_down', 'conv128_1',
  'conv128_2', 'conv256_down', 'conv256_1', 'conv256_2', 'conv256_down_out',
];
const MEAN = [122.782, 117.001, 104.298]; // of the pictures that dlib trained on: red, green, blue
const RANGE = 255; // which face-api divides by

class Builder {
  graph = {
    name: 'dlib-resnet-150',
    inputs: [{ name: 'input', shape: ['n', 3, 150, 150] }],
    outputs: [{ name: 'descriptor', shape: ['n', 128] }],
    nodes: [],
    tensors: new Map(),
  };

  constructor(weights) {
    this.weights = weights;
    this.side = 150;
    this.channels = 3;
  }

  add(op, inputs, output, attrs = {}) {
    this.graph.nodes.push({ op, inputs, outputs: [output], attrs });
    return output;
  }

  tensor(name, tensor) {
    this.graph.tensors.set(name, tensor);
    return name;
  }

  // scale · (conv(x) + bias) + shift, as one convolution
  folded(name) {
    const [bias, scale, shift] = ['conv/bias', 'scale/weights', 'scale/biases'].map((part) => this.weights[`${name}/${part}`].data);
    const weights = filterToOnnx(this.weights[`${name}/conv/filters`], false);
    const each = weights.data.length / bias.length;
    weights.data = weights.data.map((v, i) => v * scale[Math.floor(i / each)]);
    return { weights, bias: Float32Array.from(bias, (b, k) => b * scale[k] + shift[k]) };
  }

  convolution(x, name, output, attrs) {
    const { weights, bias } = this.folded(name);
    if (x === 'input') foldMean(weights, bias);
    const inputs = [x, this.tensor(`${name}/weights`, weights), this.tensor(`${name}/bias`, f32([bias.length], bias))];
    return this.add('Conv', inputs, output, { kernel_shape: weights.shape.slice(2), ...attrs });
  }

  block(x, name) {
    const down = name.includes('_down');
    const window = down ? { strides: [2, 2], pads: [0, 0, 0, 0] } : { strides: [1, 1], pads: [1, 1, 1, 1] };
    const first = this.add('Relu', [this.convolution(x, `${name}/conv1`, `${name}/1`, window)], `${name}/relu`);
    const second = this.convolution(first, `${name}/conv2`, `${name}/2`, { strides: [1, 1], pads: [1, 1, 1, 1] });
    const sum = down ? this.addHalved(x, second, name) : this.add('Add', [second, x], `${name}/sum`);
    return this.add('Relu', [sum], `${name}/out`);
  }

  // The convolution without padding may come out one row and one column short of the pooling: zeros at the far edges.
  addHalved(x, second, name) {
    const channels = this.weights[`${name}/conv2/conv/bias`].data.length;
    const convolved = Math.floor((this.side - 3) / 2) + 1;
    const pooled = Math.floor(this.side / 2);
    let around = this.add('AveragePool', [x], `${name}/pool`, { kernel_shape: [2, 2], strides: [2, 2] });
    if (channels > this.channels) around = this.addChannels(around, `${name}/around`, channels - this.channels);
    const out = pooled > convolved ? this.addEdge(second, `${name}/padded`, channels) : second;
    this.side = pooled;
    this.channels = channels;
    return this.add('Add', [out, around], `${name}/sum`);
  }

  addChannels(x, output, count) {
    return this.add('Pad', [x, this.tensor(`${output}/pads`, i64([0, 0, 0, 0, 0, count, 0, 0]))], output);
  }

  // A convolution that changes nothing, for its padding: unlike Pad it has a blocked and an integer form.
  addEdge(x, output, channels) {
    const ones = this.tensor(`${output}/ones`, f32([channels, 1, 1, 1], new Float32Array(channels).fill(1)));
    return this.add('Conv', [x, ones], output, { kernel_shape: [1, 1], group: channels, pads: [0, 0, 1, 1] });
  }

  build() {
    const stem = this.convolution('input', 'conv32_down', 'conv32_down/1', { strides: [2, 2], pads: [0, 0, 0, 0] });
    let x = this.add('Relu', [stem], 'conv32_down/relu');
    x = this.add('MaxPool', [x], 'conv32_down/out', { kernel_shape: [3, 3], strides: [2, 2] });
    this.side = 35; // (150 - 7) / 2 + 1 = 72, then (72 - 3) / 2 + 1
    this.channels = 32;
    for (const name of BLOCKS) x = this.block(x, name);
    x = this.add('Flatten', [this.add('GlobalAveragePool', [x], 'average')], 'flat', { axis: 1 });
    this.add('MatMul', [x, this.tensor('fc/weights', f32([256, 128], this.weights.fc.data))], 'descriptor');
    return this.graph;
  }
}

// conv((x - mean) / 255) = conv'(x). Exact, because nothing is padded around the input.
function foldMean(weights, bias) {
  const [outputs, inputs, h, w] = weights.shape;
  const area = h * w;
  for (let k = 0; k < outputs; k++) {
    let moved = 0;
    for (let c = 0; c < inputs; c++)
      for (let i = 0; i < area; i++) {
        const at = (k * inputs + c) * area + i;
        weights.data[at] /= RANGE;
        moved += weights.data[at] * MEAN[c];
      }
    bias[k] -= moved;
  }
}

export function convertDlib(manifestPath) {
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  return new Builder(readWeights(manifest, dirname(manifestPath))).build();
}
