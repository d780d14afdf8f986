/// Normalization, attention, normalization and two linear layers with four times the width between them.
private func transformerBlock(_ name: String, width: Int, extra: [CountedParameter] = []) -> [CountedParameter] {
    gainAndBias("\(name).norm1", width) + extra + linear("\(name).attn.qkv", outputs: 3 * width, inputs: width)
        + linear("\(name).attn.proj", outputs: width, inputs: width) + gainAndBias("\(name).norm2", width)
        + linear("\(name).mlp.fc1", outputs: 4 * width, inputs: width)
        + linear("\(name).mlp.fc2", outputs: width, inputs: 4 * width)
}

/// The shifted-window transformer: patches of 4 pixels and windows of 7 patches, or for images below 224 pixels 16 × 16 patches
/// and windows of 4. A window is not larger than the patches of its stage, of which every stage has half a side as many.
///
/// Source: Liu et al., ICCV 2021, table 7, Swin-T; the form for small images is that of the published runs on CIFAR-100 (patches
/// of 2 pixels, windows of 4).
func swinTransformer(width: Int, depths: [Int], heads: [Int], classes: Int, imageSize: Int) -> CountedModel {
    let (patch, window) = imageSize < 224 ? (imageSize / 16, 4) : (4, 7)
    var layers =
        [
            CountedParameter("patch_embed.proj.weight", [width, 3, patch, patch]),
            CountedParameter("patch_embed.proj.bias", [width]),
        ]
        + gainAndBias("patch_embed.norm", width)
    var width = width
    for (stage, depth) in depths.enumerated() {
        let offsets = 2 * min(window, (imageSize / patch) >> stage) - 1
        for block in 0..<depth {
            let name = "layers.\(stage).blocks.\(block)"
            let positions = CountedParameter("\(name).attn.relative_position_bias_table", [offsets * offsets, heads[stage]])
            layers += transformerBlock(name, width: width, extra: [positions])
        }
        if stage < depths.count - 1 {
            layers += gainAndBias("layers.\(stage).downsample.norm", 4 * width)
            layers.append(CountedParameter("layers.\(stage).downsample.reduction.weight", [2 * width, 4 * width]))
            width *= 2
        }
    }
    return CountedModel(parameters: layers + gainAndBias("norm", width) + linear("head", outputs: classes, inputs: width))
}

/// LLaMA without grouped queries, with its own map to the logits.
///
/// Source: Touvron et al., arXiv 2302.13971 and 2307.09288; the sizes of 130 and 350 million parameters are those of
/// ReLoRA (Lialin et al., arXiv 2307.05695), which the published runs use.
func llama(width: Int, hidden: Int, depth: Int, vocabulary: Int) -> CountedModel {
    var layers = [CountedParameter("model.embed_tokens.weight", [vocabulary, width], isVocabulary: true)]
    for block in 0..<depth {
        let name = "model.layers.\(block)"
        for projection in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            layers.append(CountedParameter("\(name).self_attn.\(projection).weight", [width, width]))
        }
        layers.append(CountedParameter("\(name).mlp.gate_proj.weight", [hidden, width]))
        layers.append(CountedParameter("\(name).mlp.up_proj.weight", [hidden, width]))
        layers.append(CountedParameter("\(name).mlp.down_proj.weight", [width, hidden]))
        layers.append(CountedParameter("\(name).input_layernorm.weight", [width]))
        layers.append(CountedParameter("\(name).post_attention_layernorm.weight", [width]))
    }
    layers.append(CountedParameter("model.norm.weight", [width]))
    layers.append(CountedParameter("lm_head.weight", [vocabulary, width], isVocabulary: true))
    return CountedModel(
        parameters: layers,
        activations: ActivationModel(recomputedLLaMA: width, hidden: hidden, depth: depth, vocabulary: vocabulary))
}
