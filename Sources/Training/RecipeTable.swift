/// The published experiments: an experiment is its file in `Recipes` and its line here.
public enum RecipeTable {
    static let files: [(name: String, bytes: [UInt8])] = [
        ("gpt2-124m-openwebtext-adamw", PackageResources.gpt2_124m_openwebtext_adamw_yaml),
        ("gpt2-124m-openwebtext-adamw-shampoo-32bit", PackageResources.gpt2_124m_openwebtext_adamw_shampoo_32bit_yaml),
        ("gpt2-124m-openwebtext-adamw-shampoo-4bit", PackageResources.gpt2_124m_openwebtext_adamw_shampoo_4bit_yaml),
        (
            "gpt2-124m-openwebtext-adamw-shampoo-4bit-naive",
            PackageResources.gpt2_124m_openwebtext_adamw_shampoo_4bit_naive_yaml
        ),
        ("llama-130m-c4-adamw", PackageResources.llama_130m_c4_adamw_yaml),
        ("llama-130m-c4-adamw-shampoo-32bit", PackageResources.llama_130m_c4_adamw_shampoo_32bit_yaml),
        ("llama-130m-c4-adamw-shampoo-4bit", PackageResources.llama_130m_c4_adamw_shampoo_4bit_yaml),
        (
            "llama-130m-c4-adamw-shampoo-4bit-cholesky-feedback",
            PackageResources.llama_130m_c4_adamw_shampoo_4bit_cholesky_feedback_yaml
        ),
        ("llama-130m-c4-adamw-shampoo-4bit-naive", PackageResources.llama_130m_c4_adamw_shampoo_4bit_naive_yaml),
        ("llama-350m-c4-adamw", PackageResources.llama_350m_c4_adamw_yaml),
        ("llama-350m-c4-adamw-shampoo-32bit", PackageResources.llama_350m_c4_adamw_shampoo_32bit_yaml),
        ("llama-350m-c4-adamw-shampoo-4bit", PackageResources.llama_350m_c4_adamw_shampoo_4bit_yaml),
        ("llama-350m-c4-adamw-shampoo-4bit-naive", PackageResources.llama_350m_c4_adamw_shampoo_4bit_naive_yaml),
        ("resnet34-cifar100-schedule-free-sgd", PackageResources.resnet34_cifar100_schedule_free_sgd_yaml),
        ("resnet34-cifar100-sgdm", PackageResources.resnet34_cifar100_sgdm_yaml),
        ("resnet34-cifar100-sgdm-cosine", PackageResources.resnet34_cifar100_sgdm_cosine_yaml),
        ("resnet34-cifar100-sgdm-cosine-300", PackageResources.resnet34_cifar100_sgdm_cosine_300_yaml),
        ("resnet34-cifar100-sgdm-mfac-32bit-cosine", PackageResources.resnet34_cifar100_sgdm_mfac_32bit_cosine_yaml),
        ("resnet34-cifar100-sgdm-shampoo-32bit", PackageResources.resnet34_cifar100_sgdm_shampoo_32bit_yaml),
        ("resnet34-cifar100-sgdm-shampoo-32bit-cosine", PackageResources.resnet34_cifar100_sgdm_shampoo_32bit_cosine_yaml),
        ("resnet34-cifar100-sgdm-shampoo-4bit", PackageResources.resnet34_cifar100_sgdm_shampoo_4bit_yaml),
        ("resnet34-cifar100-sgdm-shampoo-4bit-cholesky", PackageResources.resnet34_cifar100_sgdm_shampoo_4bit_cholesky_yaml),
        (
            "resnet34-cifar100-sgdm-shampoo-4bit-cholesky-feedback",
            PackageResources.resnet34_cifar100_sgdm_shampoo_4bit_cholesky_feedback_yaml
        ),
        ("resnet34-cifar100-sgdm-shampoo-4bit-cosine", PackageResources.resnet34_cifar100_sgdm_shampoo_4bit_cosine_yaml),
        ("resnet34-cifar100-sgdm-shampoo-4bit-naive", PackageResources.resnet34_cifar100_sgdm_shampoo_4bit_naive_yaml),
        ("resnet34-tiny-imagenet-sgdm", PackageResources.resnet34_tiny_imagenet_sgdm_yaml),
        ("resnet34-tiny-imagenet-sgdm-shampoo-32bit", PackageResources.resnet34_tiny_imagenet_sgdm_shampoo_32bit_yaml),
        ("resnet34-tiny-imagenet-sgdm-shampoo-4bit", PackageResources.resnet34_tiny_imagenet_sgdm_shampoo_4bit_yaml),
        ("resnet50-imagenet-sgdm", PackageResources.resnet50_imagenet_sgdm_yaml),
        ("resnet50-imagenet-sgdm-shampoo-32bit", PackageResources.resnet50_imagenet_sgdm_shampoo_32bit_yaml),
        ("resnet50-imagenet-sgdm-shampoo-4bit", PackageResources.resnet50_imagenet_sgdm_shampoo_4bit_yaml),
        (
            "resnet50-imagenet-sgdm-shampoo-4bit-cholesky-feedback",
            PackageResources.resnet50_imagenet_sgdm_shampoo_4bit_cholesky_feedback_yaml
        ),
        ("swin-tiny-cifar100-adagrad", PackageResources.swin_tiny_cifar100_adagrad_yaml),
        ("swin-tiny-cifar100-adagrad-shampoo-32bit", PackageResources.swin_tiny_cifar100_adagrad_shampoo_32bit_yaml),
        ("swin-tiny-cifar100-adagrad-shampoo-4bit", PackageResources.swin_tiny_cifar100_adagrad_shampoo_4bit_yaml),
        ("swin-tiny-cifar100-adamw", PackageResources.swin_tiny_cifar100_adamw_yaml),
        ("swin-tiny-cifar100-adamw-adabk-32bit", PackageResources.swin_tiny_cifar100_adamw_adabk_32bit_yaml),
        ("swin-tiny-cifar100-adamw-adabk-4bit", PackageResources.swin_tiny_cifar100_adamw_adabk_4bit_yaml),
        ("swin-tiny-cifar100-adamw-caspr-32bit", PackageResources.swin_tiny_cifar100_adamw_caspr_32bit_yaml),
        ("swin-tiny-cifar100-adamw-caspr-4bit", PackageResources.swin_tiny_cifar100_adamw_caspr_4bit_yaml),
        ("swin-tiny-cifar100-adamw-kfac-32bit", PackageResources.swin_tiny_cifar100_adamw_kfac_32bit_yaml),
        ("swin-tiny-cifar100-adamw-kfac-4bit", PackageResources.swin_tiny_cifar100_adamw_kfac_4bit_yaml),
        ("swin-tiny-cifar100-adamw-shampoo-32bit", PackageResources.swin_tiny_cifar100_adamw_shampoo_32bit_yaml),
        ("swin-tiny-cifar100-adamw-shampoo-3bit", PackageResources.swin_tiny_cifar100_adamw_shampoo_3bit_yaml),
        (
            "swin-tiny-cifar100-adamw-shampoo-3bit-dynamic-tree",
            PackageResources.swin_tiny_cifar100_adamw_shampoo_3bit_dynamic_tree_yaml
        ),
        ("swin-tiny-cifar100-adamw-shampoo-3bit-naive", PackageResources.swin_tiny_cifar100_adamw_shampoo_3bit_naive_yaml),
        (
            "swin-tiny-cifar100-adamw-shampoo-3bit-unrectified",
            PackageResources.swin_tiny_cifar100_adamw_shampoo_3bit_unrectified_yaml
        ),
        ("swin-tiny-cifar100-adamw-shampoo-4bit", PackageResources.swin_tiny_cifar100_adamw_shampoo_4bit_yaml),
        (
            "swin-tiny-cifar100-adamw-shampoo-4bit-dynamic-tree",
            PackageResources.swin_tiny_cifar100_adamw_shampoo_4bit_dynamic_tree_yaml
        ),
        ("swin-tiny-cifar100-adamw-shampoo-4bit-naive", PackageResources.swin_tiny_cifar100_adamw_shampoo_4bit_naive_yaml),
        (
            "swin-tiny-cifar100-adamw-shampoo-4bit-unrectified",
            PackageResources.swin_tiny_cifar100_adamw_shampoo_4bit_unrectified_yaml
        ),
        ("swin-tiny-cifar100-nadamw", PackageResources.swin_tiny_cifar100_nadamw_yaml),
        ("swin-tiny-cifar100-schedule-free-adamw", PackageResources.swin_tiny_cifar100_schedule_free_adamw_yaml),
        ("swin-tiny-tiny-imagenet-adamw", PackageResources.swin_tiny_tiny_imagenet_adamw_yaml),
        ("swin-tiny-tiny-imagenet-adamw-shampoo-32bit", PackageResources.swin_tiny_tiny_imagenet_adamw_shampoo_32bit_yaml),
        ("swin-tiny-tiny-imagenet-adamw-shampoo-4bit", PackageResources.swin_tiny_tiny_imagenet_adamw_shampoo_4bit_yaml),
        ("vgg19-cifar100-sgdm", PackageResources.vgg19_cifar100_sgdm_yaml),
        ("vgg19-cifar100-sgdm-eva-32bit", PackageResources.vgg19_cifar100_sgdm_eva_32bit_yaml),
        ("vgg19-cifar100-sgdm-shampoo-32bit", PackageResources.vgg19_cifar100_sgdm_shampoo_32bit_yaml),
        ("vgg19-cifar100-sgdm-shampoo-4bit", PackageResources.vgg19_cifar100_sgdm_shampoo_4bit_yaml),
        (
            "vgg19-cifar100-sgdm-shampoo-4bit-cholesky-feedback",
            PackageResources.vgg19_cifar100_sgdm_shampoo_4bit_cholesky_feedback_yaml
        ),
        ("vgg19-cifar100-sgdm-shampoo-4bit-naive", PackageResources.vgg19_cifar100_sgdm_shampoo_4bit_naive_yaml),
        ("vgg19-tiny-imagenet-sgdm", PackageResources.vgg19_tiny_imagenet_sgdm_yaml),
        ("vgg19-tiny-imagenet-sgdm-shampoo-32bit", PackageResources.vgg19_tiny_imagenet_sgdm_shampoo_32bit_yaml),
        ("vgg19-tiny-imagenet-sgdm-shampoo-4bit", PackageResources.vgg19_tiny_imagenet_sgdm_shampoo_4bit_yaml),
        ("vit-base32-imagenet-adamw", PackageResources.vit_base32_imagenet_adamw_yaml),
        ("vit-base32-imagenet-adamw-shampoo-32bit", PackageResources.vit_base32_imagenet_adamw_shampoo_32bit_yaml),
        ("vit-base32-imagenet-adamw-shampoo-4bit", PackageResources.vit_base32_imagenet_adamw_shampoo_4bit_yaml),
        (
            "vit-base32-imagenet-adamw-shampoo-4bit-cholesky-feedback",
            PackageResources.vit_base32_imagenet_adamw_shampoo_4bit_cholesky_feedback_yaml
        ),
        ("vit-small-cifar100-adamw", PackageResources.vit_small_cifar100_adamw_yaml),
        ("vit-small-cifar100-adamw-shampoo-32bit", PackageResources.vit_small_cifar100_adamw_shampoo_32bit_yaml),
        ("vit-small-cifar100-adamw-shampoo-4bit", PackageResources.vit_small_cifar100_adamw_shampoo_4bit_yaml),
        (
            "vit-small-cifar100-adamw-shampoo-4bit-cholesky",
            PackageResources.vit_small_cifar100_adamw_shampoo_4bit_cholesky_yaml
        ),
        (
            "vit-small-cifar100-adamw-shampoo-4bit-cholesky-feedback",
            PackageResources.vit_small_cifar100_adamw_shampoo_4bit_cholesky_feedback_yaml
        ),
        ("vit-small-cifar100-adamw-shampoo-4bit-naive", PackageResources.vit_small_cifar100_adamw_shampoo_4bit_naive_yaml),
        ("vit-small-tiny-imagenet-adamw", PackageResources.vit_small_tiny_imagenet_adamw_yaml),
        ("vit-small-tiny-imagenet-adamw-shampoo-32bit", PackageResources.vit_small_tiny_imagenet_adamw_shampoo_32bit_yaml),
        ("vit-small-tiny-imagenet-adamw-shampoo-4bit", PackageResources.vit_small_tiny_imagenet_adamw_shampoo_4bit_yaml),
    ]

    /// In alphabetical order.
    public static var names: [String] { files.map(\.name) }
}
