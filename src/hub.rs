//! Tokenizers from the HuggingFace hub, through its own cache.

use crate::{Tokenizer, load::LoadError};
use hf_hub::{
    Cache, Repo, RepoType,
    api::sync::{ApiBuilder, ApiError, ApiRepo},
};
use std::{
    format,
    path::PathBuf,
    string::{String, ToString},
};

/// Files that a tokenizer can be in, the first that is there counts.
const FILES: [&str; 5] =
    ["tokenizer.json", "tokenizer.model", "spiece.model", "tekken.json", "vocab.txt"];

/// Where tokenizers come from: an endpoint and a cache.
///
/// [`Hub::from_env`] has what the environment says, as the hub's other clients take it: `HF_ENDPOINT`,
/// `HF_HOME`, `HF_TOKEN`, and `HF_HUB_OFFLINE` (1, true, yes or on: nothing is asked for, only what is in the
/// cache is there).
#[derive(Debug, Clone)]
pub struct Hub {
    endpoint: Option<String>,
    cache: Cache,
    token: Option<String>,
    offline: bool,
}

impl Hub {
    /// What the environment says.
    pub fn from_env() -> Self {
        let text = |name| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        let offline = text("HF_HUB_OFFLINE").is_some_and(|value| {
            ["1", "true", "yes", "on"].contains(&&*value.trim().to_ascii_lowercase())
        });
        let cache = Cache::from_env();
        let token = text("HF_TOKEN").or_else(|| cache.token());
        Self { endpoint: text("HF_ENDPOINT"), cache, token, offline }
    }

    /// Another server.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Another folder for the cache.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Cache::new(folder.into());
        self
    }

    /// The token that says who asks; none with `None`.
    #[must_use]
    pub fn token(mut self, token: Option<&str>) -> Self {
        self.token = token.map(ToString::to_string);
        self
    }

    /// Whether only the cache is looked at.
    #[must_use]
    pub const fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Loads the tokenizer of a repository, `org/name`, at a revision (a branch, a tag or a commit), `main`
    /// with `None`: from its tokenizer.json, or else from tokenizer.model, spiece.model, tekken.json or
    /// vocab.txt.
    ///
    /// # Errors
    ///
    /// [`LoadError::Hub`] if there is no such file, or it cannot be had; others as
    /// [`Tokenizer::from_file`].
    pub fn load(&self, name: &str, revision: Option<&str>) -> Result<Tokenizer, LoadError> {
        let revision = revision.unwrap_or("main");
        let error = |message: String| LoadError::Hub {
            repository: name.to_string(),
            revision: revision.to_string(),
            message,
        };
        if !is_name(name) {
            let wanted = "org/name of letters, digits, '-', '_' and '.' is wanted";
            return Err(error(format!("no name of a repository: {wanted}")));
        }
        if revision.is_empty() || revision.contains("..") || revision.contains(is_odd) {
            return Err(error(String::from("no name of a branch, tag or commit")));
        }
        let repo = || Repo::with_revision(name.to_string(), RepoType::Model, revision.to_string());
        let cached = self.cache.repo(repo());
        if let Some(path) = FILES.iter().find_map(|file| cached.get(file)) {
            return Tokenizer::from_file(path);
        }
        if self.offline {
            let folder = self.cache.path().display();
            return Err(error(format!("offline, and none of {} is in {folder}", FILES.join(", "))));
        }
        let api = self.api(repo()).map_err(&error)?;
        for file in FILES {
            match api.download(file) {
                Ok(path) => return Tokenizer::from_file(path),
                Err(failed) => match status(failed) {
                    Ok(404) => {}
                    Ok(code @ (401 | 403)) => {
                        return Err(error(format!(
                            "{}: status {code}; the repository is private or gated, or does not \
                             exist: give a token that may read it",
                            api.url(file)
                        )));
                    }
                    Ok(code) => return Err(error(format!("{}: status {code}", api.url(file)))),
                    Err(message) => return Err(error(format!("{}: {message}", api.url(file)))),
                },
            }
        }
        let asked = api.url("");
        Err(error(format!("none of {} is at {asked}", FILES.join(", "))))
    }

    fn api(&self, repo: Repo) -> Result<ApiRepo, String> {
        let mut builder = ApiBuilder::from_cache(self.cache.clone())
            .with_progress(false)
            .with_token(self.token.clone());
        if let Some(endpoint) = &self.endpoint {
            if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
                return Err(format!("the endpoint {endpoint:?} is no http or https address"));
            }
            builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_string());
        }
        let api = builder.build().map_err(|error| error.to_string())?;
        Ok(api.repo(repo))
    }
}

/// The status that a server answered with, or what else went wrong.
fn status(error: ApiError) -> Result<u16, String> {
    match error {
        ApiError::RequestError(error) => {
            let message = error.to_string();
            error.into_response().map(|response| response.status()).ok_or(message)
        }
        ApiError::TooManyRetries(error) => status(*error),
        other => Err(other.to_string()),
    }
}

/// Chars that do not belong into an address.
fn is_odd(c: char) -> bool {
    c.is_control() || c.is_whitespace() || "?#%\\".contains(c)
}

fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(plain) && !part.contains("..") && part != "."
    };
    name.split('/').count() <= 2 && name.split('/').all(part)
}

impl Tokenizer {
    /// The tokenizer of a repository on the HuggingFace hub, as [`Hub::from_env`] and [`Hub::load`] find it;
    /// with a token, in place of the environment's.
    ///
    /// ```no_run
    /// # use comptok::Tokenizer;
    /// let tokenizer = Tokenizer::from_pretrained("google-bert/bert-base-uncased", None, None)?;
    /// # Ok::<(), comptok::load::LoadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Hub::load`].
    pub fn from_pretrained(
        name: &str,
        revision: Option<&str>,
        token: Option<&str>,
    ) -> Result<Self, LoadError> {
        let mut hub = Hub::from_env();
        if token.is_some() {
            hub = hub.token(token);
        }
        hub.load(name, revision)
    }
}
