// Sends one file by tus-js-client, unmodified. Takes what to send as JSON in its argument; prints {url, error}.
import { createReadStream } from "node:fs";
import tus from "tus-js-client";

const asked = JSON.parse(process.argv[2]);
const say = (error) => console.log(JSON.stringify({ url: upload.url, error }));
const upload = new tus.Upload(createReadStream(asked.path), {
  endpoint: asked.endpoint,
  uploadUrl: asked.url,
  uploadSize: asked.size,
  chunkSize: asked.chunk,
  headers: { Authorization: `Upload ${asked.token}` },
  uploadDataDuringCreation: asked.withFirst,
  retryDelays: asked.retryDelays,
  storeFingerprintForResuming: false,
  onError: (error) => say(String(error)),
  onSuccess: () => say(null),
});
upload.start();
