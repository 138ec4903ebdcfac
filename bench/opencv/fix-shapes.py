#!/usr/bin/python3
"""YuNet with a fixed input size, for OpenCV 4.6, which reads no free dimensions. Needs Debian's python3-onnx.

fix-shapes.py YUNET.onnx HEIGHT WIDTH OUT.onnx
The weights stay as they are: only the reshapes at the end get constant shapes in place of computed ones.
"""
import sys

import numpy
import onnx
from onnx import numpy_helper

CHANNELS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def main():
    source, height, width, out = sys.argv[1:]
    model = onnx.load(source)
    graph = model.graph
    for axis, value in ((0, 1), (2, int(height)), (3, int(width))):
        graph.input[0].type.tensor_type.shape.dim[axis].dim_value = value
    makers = {name: node for node in graph.node for name in node.output}
    for output in graph.output:
        node = makers[output.name]
        while node.op_type != "Reshape":
            node = makers[node.input[0]]
        shape = numpy.array([1, -1, CHANNELS[output.name.split("_")[0]]], dtype=numpy.int64)
        node.input[1] = f"shape_{output.name}"
        graph.initializer.append(numpy_helper.from_array(shape, node.input[1]))
        for axis, dim in enumerate(output.type.tensor_type.shape.dim):
            dim.Clear()
            dim.dim_param = f"free{axis}"
    needed, queue = set(), [o.name for o in graph.output]
    while queue:
        node = makers.get(queue.pop())
        if node is not None and node.output[0] not in needed:
            needed.add(node.output[0])
            queue.extend(node.input)
    for node in [n for n in graph.node if n.output[0] not in needed]:
        graph.node.remove(node)
    onnx.save(model, out)


main()
