/// ResNet with basic blocks or bottlenecks. Images below 224 pixels have a stem of one 3 × 3 convolution.
///
/// Source: He, Zhang, Ren, Sun, CVPR 2016, table 1.
func residualNetwork(blocks: [Int], isBottleneck: Bool, classes: Int, imageSize: Int) -> CountedModel {
    let stem = imageSize < 224 ? 3 : 7
    var layers = convolution("conv1", "bn1", outputs: 64, inputs: 3, kernel: stem)
    var inputs = 64
    for (stage, count) in blocks.enumerated() {
        let width = 64 << stage
        let outputs = isBottleneck ? 4 * width : width
        for block in 0..<count {
            let name = "layer\(stage + 1).\(block)"
            let kernels = isBottleneck ? [(width, 1), (width, 3), (outputs, 1)] : [(width, 3), (width, 3)]
            var previous = inputs
            for (index, (width, kernel)) in kernels.enumerated() {
                layers += convolution(
                    "\(name).conv\(index + 1)", "\(name).bn\(index + 1)", outputs: width, inputs: previous, kernel: kernel)
                previous = width
            }
            if inputs != outputs || (block == 0 && stage > 0) {
                layers += convolution(
                    "\(name).downsample.0", "\(name).downsample.1", outputs: outputs, inputs: inputs, kernel: 1)
            }
            inputs = outputs
        }
    }
    return CountedModel(parameters: layers + linear("fc", outputs: classes, inputs: inputs))
}

/// A convolution without bias and the gain and bias of its normalization.
private func convolution(
    _ name: String, _ normalization: String, outputs: Int, inputs: Int, kernel: Int
) -> [CountedParameter] {
    [CountedParameter("\(name).weight", [outputs, inputs, kernel, kernel])] + gainAndBias(normalization, outputs)
}

/// VGG-19 with batch normalization: for images below 224 pixels one linear layer after the convolutions, for others
/// the three of the original.
///
/// Source: Simonyan and Zisserman, ICLR 2015, table 1, column E.
func vgg(classes: Int, imageSize: Int) -> CountedModel {
    var layers: [CountedParameter] = []
    var inputs = 3
    var index = 0
    for (width, count) in [(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)] {
        for _ in 0..<count {
            layers.append(CountedParameter("features.\(index).weight", [width, inputs, 3, 3]))
            layers.append(CountedParameter("features.\(index).bias", [width]))
            layers += gainAndBias("features.\(index + 1)", width)
            inputs = width
            index += 3
        }
        // The maximum over pixels has a number too.
        index += 1
    }
    guard imageSize >= 224 else {
        return CountedModel(parameters: layers + linear("classifier", outputs: classes, inputs: 512))
    }
    layers += linear("classifier.0", outputs: 4096, inputs: 512 * 7 * 7)
    layers += linear("classifier.3", outputs: 4096, inputs: 4096)
    return CountedModel(parameters: layers + linear("classifier.6", outputs: classes, inputs: 4096))
}

func linear(_ name: String, outputs: Int, inputs: Int) -> [CountedParameter] {
    [CountedParameter("\(name).weight", [outputs, inputs]), CountedParameter("\(name).bias", [outputs])]
}

func gainAndBias(_ name: String, _ width: Int) -> [CountedParameter] {
    [CountedParameter("\(name).weight", [width]), CountedParameter("\(name).bias", [width])]
}
