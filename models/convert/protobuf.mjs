// The few kinds of protobuf fields that ONNX uses, written and read by hand: varints, floats, and runs of bytes.

export class Writer {
  #parts = [];

  // Negative numbers become ten bytes, as the format has it for int64.
  #varint(value) {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes = [];
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#parts.push(Buffer.from(bytes));
  }

  int(field, value) {
    this.#varint(field << 3);
    this.#varint(value);
    return this;
  }

  float(field, value) {
    this.#varint((field << 3) | 5);
    const four = Buffer.alloc(4);
    four.writeFloatLE(value);
    this.#parts.push(four);
    return this;
  }

  bytes(field, bytes) {
    this.#varint((field << 3) | 2);
    this.#varint(bytes.length);
    this.#parts.push(bytes);
    return this;
  }

  string(field, text) {
    return this.bytes(field, Buffer.from(text, 'utf8'));
  }

  message(field, write) {
    const inner = new Writer();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  ints(field, values) {
    return this.message(field, (w) => values.forEach((v) => w.#varint(v)));
  }

  floats(field, values) {
    return this.bytes(field, Buffer.from(Float32Array.from(values).buffer));
  }

  finish() {
    return Buffer.concat(this.#parts);
  }
}

function readVarint(buffer, at) {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (at >= buffer.length) throw new Error(`protobuf: a number is cut off at byte ${at}`);
    const byte = buffer[at++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
  throw new Error(`protobuf: a number of more than ten bytes ends at byte ${at}`);
}

// Every field of a message in turn: {field, value}, where value is a BigInt (varint), or a Buffer (the bytes of all else).
export function* fields(buffer) {
  let at = 0;
  while (at < buffer.length) {
    let key;
    [key, at] = readVarint(buffer, at);
    const field = Number(key >> 3n);
    const kind = Number(key & 7n);
    if (kind === 0) {
      let value;
      [value, at] = readVarint(buffer, at);
      yield { field, value };
      continue;
    }
    let length = { 1: 8n, 5: 4n }[kind];
    if (kind === 2) [length, at] = readVarint(buffer, at);
    if (length === undefined) throw new Error(`protobuf: field ${field} is of unknown kind ${kind}`);
    const end = at + Number(length);
    if (end > buffer.length) throw new Error(`protobuf: field ${field} is cut off at byte ${buffer.length}`);
    yield { field, value: buffer.subarray(at, end) };
    at = end;
  }
}

export const toInt = (value) => Number(BigInt.asIntN(64, value));

// A repeated number field comes packed into one run of bytes, or one at a time.
export function toInts(value) {
  if (typeof value === 'bigint') return [toInt(value)];
  const out = [];
  for (let at = 0; at < value.length;) {
    let one;
    [one, at] = readVarint(value, at);
    out.push(toInt(one));
  }
  return out;
}

export function toFloats(value) {
  const out = [];
  for (let at = 0; at + 4 <= value.length; at += 4) out.push(value.readFloatLE(at));
  return out;
}
