//! Constructs the parts of a message: texts, images, audio and files.
//!
//! Where the data of a part is stated as bytes, it is sent in base64 within the request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openapi_runtime::TextOrParts;
use serde_json::Value;

use crate::types::{ContentPart, ImageDetail, ImageUrl, InputAudio, InputAudioFormat, InputFile};

impl ContentPart {
    /// Creates a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::new("text")
        }
    }

    /// Creates an image, by its URL. The service downloads it.
    pub fn image_url(url: impl Into<String>) -> Self {
        Self {
            image_url: Some(ImageUrl::new(url)),
            ..Self::new("image_url")
        }
    }

    /// Creates an image with its bytes. The media type is for example `image/png`.
    pub fn image(media_type: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::image_url(data_url(media_type, bytes.as_ref()))
    }

    /// Sets the resolution at which the model sees an image, for example `low`. Other parts are returned unchanged.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<ImageDetail>) -> Self {
        if let Some(image) = &mut self.image_url {
            image.detail = Some(detail.into());
        }
        self
    }

    /// Creates audio with its bytes. The format is for example `wav`.
    pub fn audio(format: impl Into<InputAudioFormat>, bytes: impl AsRef<[u8]>) -> Self {
        let data = STANDARD.encode(bytes);
        Self {
            input_audio: Some(InputAudio::new(data, format.into())),
            ..Self::new("input_audio")
        }
    }

    /// Creates a file with its bytes. The media type is for example `application/pdf`.
    pub fn file(filename: impl Into<String>, media_type: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::with_file(InputFile {
            file_data: Some(data_url(media_type, bytes.as_ref())),
            filename: Some(filename.into()),
            ..InputFile::default()
        })
    }

    /// Creates a file that was uploaded, by its id.
    pub fn file_id(id: impl Into<String>) -> Self {
        Self::with_file(InputFile {
            file_id: Some(id.into()),
            ..InputFile::default()
        })
    }

    fn with_file(file: InputFile) -> Self {
        Self {
            file: Some(file),
            ..Self::new("file")
        }
    }
}

fn data_url(media_type: &str, bytes: &[u8]) -> String {
    let mut url = format!("data:{media_type};base64,");
    STANDARD.encode_string(bytes, &mut url);
    url
}

impl From<ContentPart> for Value {
    fn from(part: ContentPart) -> Self {
        // The type has only strings and JSON values, which can always be serialized.
        serde_json::to_value(part).unwrap_or_default()
    }
}

impl From<ContentPart> for TextOrParts {
    fn from(part: ContentPart) -> Self {
        vec![part].into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_sent_as_documented() {
        let parts: [(ContentPart, Value); 8] = [
            (
                ContentPart::text("Hi"),
                json!({"type": "text", "text": "Hi"}),
            ),
            (
                ContentPart::image_url("https://example.com/a.png"),
                json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
            ),
            (
                ContentPart::image("image/png", b"\x89PNG").detail("low"),
                json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "detail": "low"}}),
            ),
            (
                ContentPart::image("image/png", []).detail("ultra"),
                json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,", "detail": "ultra"}}),
            ),
            (
                ContentPart::audio(InputAudioFormat::Wav, b"RIFF?>"),
                json!({"type": "input_audio", "input_audio": {"data": "UklGRj8+", "format": "wav"}}),
            ),
            (
                ContentPart::file("a.pdf", "application/pdf", "%PDF"),
                json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}}),
            ),
            (
                ContentPart::file_id("file_1"),
                json!({"type": "file", "file": {"file_id": "file_1"}}),
            ),
            (
                ContentPart::text("Hi").detail("low"),
                json!({"type": "text", "text": "Hi"}),
            ),
        ];
        for (part, expected) in parts {
            assert_eq!(Value::from(part), expected);
        }
    }

    #[test]
    fn unknown_members_of_a_part_are_kept() {
        let json = json!({"type": "video_url", "video_url": {"url": "u"}, "text": "t"});
        let part: ContentPart = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(Value::from(part), json);
    }
}
