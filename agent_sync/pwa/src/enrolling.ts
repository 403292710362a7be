/**
 * Enrolment: from the office's one-time code to a device with an id, an agent, the server's keys, and a first chain.
 *
 * The key pair is durable before its public half leaves (A1), so a code whose answer was lost works again. One store
 * belongs to one agent (A5).
 */
import { ENROL, type Channel, type Value } from "./channel";
import type { Reading as ClockReading } from "./clock";
import { isObject, problem } from "./errors";
import { Refusal, type Agent, type Enrolment } from "./face";
import type { Noise } from "./ids";
import { openPrepared, prepareOpening } from "./recording";
import { newKeyPair, publicJwk, sign, thumbprint } from "./signing";
import { remember, remembered, type Store } from "./store";
import { trustKeys } from "./store_items";
import { currentChain, stageOf } from "./store_outbox";
import type { KeyRow } from "./store_tables";
import type { Wrapped } from "./vault";

export type Described = { kind: string; model: string; app: string };

/** Give this device's key pair, making it once; it is durable before its public half leaves (A1). */
export async function loadOrMakeKey(store: Store): Promise<CryptoKeyPair> {
  const known = await store.get<CryptoKeyPair>("device_key");
  if (known) return known;
  const made = await newKeyPair();
  return store.write(async (tx) => {
    const faster = await remembered<CryptoKeyPair>(tx, "device_key"); // another tab
    if (!faster) await tx.objectStore("memory").put(made, "device_key");
    return faster ?? made;
  });
}

/** Present a code; on success remember everything in one transaction. `conflict` if the code is another agent's. */
export async function enrol(
  store: Store,
  channel: Channel,
  publicKey: CryptoKey,
  code: string,
  described: Described,
  now: ClockReading,
  noise: Noise,
): Promise<Enrolment> {
  const jwk = await publicJwk(publicKey);
  const jkt = await thumbprint(jwk);
  const proof = await sign({ typ: "enrol", code, jkt }, channel.key, jkt);
  const answer = await channel.askUnsigned(ENROL, { code, jwk, device: described, proof });
  if (answer["status"] === "awaiting_approval") {
    await store.write(async (tx) => {
      if ((await stageOf(tx)) === "new") await remember(tx, "stage", "awaiting_approval");
    });
    return { isEnrolled: false, pollS: Number(answer["poll_s"]) || 60, deviceId: "", agent: null };
  }
  const agent = readAgent(answer);
  const known = await store.get<Agent>("agent");
  if (known && known.agent_id !== agent.agent_id) throw new Refusal("conflict", {}, "other-agents-code", { agent: known.code });
  await keep(store, answer, channel, now, noise);
  return { isEnrolled: true, pollS: 0, deviceId: String(answer["device_id"]), agent };
}

function readAgent(answer: Value): Agent {
  const { device_id, agent, server_keys, quota } = answer;
  const isWhole = typeof device_id === "string" && isObject(agent) && typeof agent["agent_id"] === "string";
  if (!isWhole || !Array.isArray(server_keys) || !isObject(quota))
    throw problem("internal", "The server's answer to the code cannot be read.");
  return { agency: "", ...agent } as unknown as Agent;
}

/** Store what enrolment gave. A device that enters a new code keeps its chains (A1); a new one opens its first. */
async function keep(store: Store, answer: Value, channel: Channel, now: ClockReading, noise: Noise): Promise<void> {
  await store.attempt(
    async () => ((await store.read(currentChain)) ? null : prepareOpening(store, now, noise, "enrolled", [])),
    async (tx, opening) => {
      // Another tab chose a PIN since, and with it the key that stays: it goes on there.
      if (!store.vault.isOf(await remembered<Wrapped>(tx, "vault"))) throw problem("store-locked");
      await remember(tx, "device_id", answer["device_id"]);
      await remember(tx, "agent", readAgent(answer));
      await remember(tx, "quota", answer["quota"]);
      await remember(tx, "public_url", answer["public_url"]);
      await remember(tx, "nonce", answer["nonce"] || channel.nonce);
      await remember(tx, "stage", "enrolled");
      await remember(tx, "failures", undefined);
      const stage = await remembered<string>(tx, "pull_stage");
      if (stage === undefined || stage === "reauth-required" || stage === "upload-only")
        await remember(tx, "pull_stage", "first");
      await trustKeys(tx, answer["server_keys"] as KeyRow[]);
      if (opening) await openPrepared(tx, opening);
    },
  );
}
