/** Signatures as compact JWS with ES256, and the P-256 keys behind them (PROTOCOL 1.1). */
import { b64url, fromUtf8, sha256, unb64url, utf8 } from "./bytes";
import { encode } from "./canonical";
import { isObject } from "./errors";
import { Refusal } from "./face";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };
export type Jwk = Record<string, string>;

/** Make this device's key pair; its private half cannot be read out, by us or anybody (A1). */
export function newKeyPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
}

export async function publicJwk(key: CryptoKey): Promise<Jwk> {
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", key);
  return { crv: crv!, kty: kty!, x: x!, y: y! };
}

/** Read a P-256 public JWK for verifying, or for agreeing on a key; `malformed` if it is anything else. */
export async function loadPublic(jwk: unknown, use: "ECDSA" | "ECDH" = "ECDSA"): Promise<CryptoKey> {
  try {
    if (!isObject(jwk) || jwk["kty"] !== "EC" || jwk["crv"] !== "P-256") throw new TypeError();
    const [x, y] = [String(jwk["x"]), String(jwk["y"])];
    // RFC 7518 6.2.1.2; or one key would have many thumbprints.
    if (unb64url(x).length !== 32 || unb64url(y).length !== 32) throw new TypeError();
    const wanted = { kty: "EC", crv: "P-256", x, y };
    return await crypto.subtle.importKey(
      "jwk",
      wanted,
      { ...CURVE, name: use },
      true,
      use === "ECDSA" ? ["verify"] : [],
    );
  } catch {
    throw new Refusal("malformed", { jwk: ["not-p256"] });
  }
}

/** Give the RFC 7638 thumbprint, base64url, of a public JWK. */
export async function thumbprint(jwk: Record<string, unknown>): Promise<string> {
  const { crv, kty, x, y } = jwk;
  return b64url(await sha256(utf8(JSON.stringify({ crv, kty, x, y }))));
}

/** Sign a payload, which must hold `typ`. */
export async function sign(
  payload: Record<string, unknown> & { typ: string },
  key: CryptoKey,
  kid: string,
): Promise<string> {
  const signed = `${b64url(utf8(JSON.stringify({ alg: "ES256", kid })))}.${b64url(utf8(encode(payload)))}`;
  return `${signed}.${b64url(new Uint8Array(await crypto.subtle.sign(ES256, key, utf8(signed))))}`;
}

/** Give the key id a JWS claims, not yet verified. */
export function kidOf(jws: string): string {
  const parts = jws.split(".");
  const header = parts.length === 3 ? readPart(parts[0]!) : null;
  const isOurs = isObject(header) && header["alg"] === "ES256" && typeof header["kid"] === "string";
  if (!isOurs || Object.keys(header).length !== 2) throw new Refusal("bad-signature");
  return header["kid"] as string;
}

/** Give the payload a JWS claims, not yet verified; `bad-signature` for what is none. */
export function claimOf(jws: string): Record<string, unknown> {
  kidOf(jws);
  const payload = readPart(jws.split(".")[1]!);
  if (!isObject(payload)) throw new Refusal("bad-signature");
  return payload;
}

/** Give the payload of a JWS if this key signed it and it says `typ`; else `bad-signature`. */
export async function verify(jws: string, key: CryptoKey, typ: string): Promise<Record<string, unknown>> {
  kidOf(jws);
  const [header, body, signature] = jws.split(".") as [string, string, string];
  const raw = unb64url(signature);
  const isGood = raw.length === 64 && (await crypto.subtle.verify(ES256, key, raw, utf8(`${header}.${body}`)));
  const payload = isGood ? readPart(body) : null;
  if (!isObject(payload) || payload["typ"] !== typ) throw new Refusal("bad-signature");
  return payload;
}

function readPart(text: string): unknown {
  const raw = unb64url(text);
  try {
    return JSON.parse(fromUtf8(raw));
  } catch {
    throw new Refusal("bad-signature");
  }
}
