internal import UsageModel

// What the words of a scope file mean, in plain language: the vocabulary of ``ScopeExplainer``.

extension TenantKind {
    var words: LocalizedText {
        switch self {
        case .unclassified: LocalizedText(en: "tenants that nobody has classified", zh: "未分类租户")
        case .externalCustomer: LocalizedText(en: "external customers", zh: "外部客户")
        case .ownBusiness: LocalizedText(en: "the provider's own business", zh: "自有业务")
        case .affiliate: LocalizedText(en: "affiliates", zh: "关联方")
        case .trial: LocalizedText(en: "trials", zh: "试用")
        case .test: LocalizedText(en: "tests", zh: "测试")
        }
    }
}

extension Layer {
    var words: LocalizedText {
        switch self {
        case .maas: LocalizedText(en: "MaaS", zh: "MaaS")
        case .paas: LocalizedText(en: "PaaS", zh: "PaaS")
        case .iaas: LocalizedText(en: "IaaS", zh: "IaaS")
        case .onPremises: LocalizedText(en: "on-premises", zh: "本地部署")
        }
    }
}

extension Workload {
    var words: LocalizedText {
        switch self {
        case .online: LocalizedText(en: "online calls", zh: "在线调用")
        case .batch: LocalizedText(en: "batch calls", zh: "批量调用")
        }
    }
}

extension Modality {
    var words: LocalizedText {
        switch self {
        case .text: LocalizedText(en: "text", zh: "文本")
        case .image: LocalizedText(en: "images", zh: "图像")
        case .audio: LocalizedText(en: "audio", zh: "音频")
        case .video: LocalizedText(en: "video", zh: "视频")
        case .embedding: LocalizedText(en: "embeddings", zh: "向量")
        }
    }
}

extension ServedMarket {
    var words: LocalizedText {
        switch self {
        case .cnMainland: LocalizedText(en: "mainland China", zh: "中国大陆")
        case .overseas: LocalizedText(en: "overseas regions", zh: "海外")
        }
    }
}

extension ModelOrigin {
    var words: LocalizedText {
        switch self {
        case .selfDeveloped: LocalizedText(en: "models that the provider's own group developed", zh: "自研模型")
        case .resold: LocalizedText(en: "models that others developed", zh: "第三方模型")
        }
    }
}

extension Scope.Addition {
    var words: LocalizedText {
        switch self {
        case .privateDeployments:
            LocalizedText(en: "what private deployments of open models report", zh: "开源模型私有化部署上报量")
        case .customisation:
            LocalizedText(en: "revenue of product and project customisation", zh: "产品与项目定制收入")
        }
    }
}

extension Scope.Entity {
    var words: LocalizedText {
        switch self {
        case .provider: LocalizedText(en: "providers", zh: "云厂商")
        case .model: LocalizedText(en: "models", zh: "模型")
        case .family: LocalizedText(en: "model families", zh: "模型系列")
        case .developer: LocalizedText(en: "developers of models", zh: "模型开发方")
        }
    }
}
