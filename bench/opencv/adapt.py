#!/usr/bin/python3
"""Rewrites the networks into what OpenCV 4.6 reads, weights unchanged. Needs Debian's python3-onnx.

adapt.py detector YUNET.onnx HEIGHT WIDTH OUT.onnx    fixed input size, constant shapes in the last reshapes
adapt.py descriptor NET.onnx OUT.onnx                 the bounds of Clip as attributes, as before opset 11
"""
import sys

import numpy
import onnx
from onnx import helper, numpy_helper

CHANNELS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def drop_unused(graph, makers):
    needed, queue = set(), [o.name for o in graph.output]
    while queue:
        node = makers.get(queue.pop())
        if node is not None and node.output[0] not in needed:
            needed.add(node.output[0])
            queue.extend(node.input)
    for node in [n for n in graph.node if n.output[0] not in needed]:
        graph.node.remove(node)


def adapt_detector(graph, makers, height, width):
    for axis, value in ((0, 1), (2, height), (3, width)):
        graph.input[0].type.tensor_type.shape.dim[axis].dim_value = value
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


def adapt_descriptor(graph, makers):
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    for node in graph.node:
        if node.op_type == "Clip":
            low, high = (float(constants[name]) for name in node.input[1:])
            del node.input[1:]
            node.attribute.extend([helper.make_attribute("min", low), helper.make_attribute("max", high)])


def main():
    kind, source, *sizes, out = sys.argv[1:]
    model = onnx.load(source)
    makers = {name: node for node in model.graph.node for name in node.output}
    if kind == "detector":
        adapt_detector(model.graph, makers, *map(int, sizes))
    else:
        adapt_descriptor(model.graph, makers)
    drop_unused(model.graph, makers)
    onnx.save(model, out)


main()
