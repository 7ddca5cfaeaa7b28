//! The two price books that are part of the program.

use crate::catalog::book::{BookError, PriceBook};

/// Text of the book of AWS's prices: the head, and the models provider by provider.
const AWS: &str = concat!(
    include_str!("../../catalog/aws.toml"),
    include_str!("../../catalog/aws/ai21.toml"),
    include_str!("../../catalog/aws/amazon.toml"),
    include_str!("../../catalog/aws/anthropic.toml"),
    include_str!("../../catalog/aws/cohere.toml"),
    include_str!("../../catalog/aws/deepseek.toml"),
    include_str!("../../catalog/aws/google.toml"),
    include_str!("../../catalog/aws/meta.toml"),
    include_str!("../../catalog/aws/minimax.toml"),
    include_str!("../../catalog/aws/mistral.toml"),
    include_str!("../../catalog/aws/moonshot.toml"),
    include_str!("../../catalog/aws/nvidia.toml"),
    include_str!("../../catalog/aws/openai.toml"),
    include_str!("../../catalog/aws/qwen.toml"),
    include_str!("../../catalog/aws/stability.toml"),
    include_str!("../../catalog/aws/twelvelabs.toml"),
    include_str!("../../catalog/aws/writer.toml"),
    include_str!("../../catalog/aws/xai.toml"),
    include_str!("../../catalog/aws/zai.toml"),
);

/// Text of the book of the article's prices.
const ARTICLE: &str = include_str!("../../catalog/article.toml");

impl PriceBook {
    /// Reads the embedded book of the prices that AWS charges, the default.
    pub fn aws() -> Result<Self, BookError> {
        Self::parse("aws", AWS)
    }

    /// Reads the embedded book of the article's prices, as printed.
    pub fn article() -> Result<Self, BookError> {
        Self::parse("article", ARTICLE)
    }
}
