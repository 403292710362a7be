/** The agent's card: a code the phone signs by itself, anew every `RENEW_S` seconds, shown as a QR (PROTOCOL 7.1). */
import type { At } from "./clock";
import { sign } from "./signing";

export const RENEW_S = 30;

/** Sign a code of this moment; `caseId` is that of the visit that is open, if one is. */
export function writeCard(
  key: CryptoKey,
  deviceId: string,
  agentId: string,
  at: At,
  caseId: string | null,
): Promise<string> {
  return sign({ typ: "card", agent_id: agentId, at, ...(caseId === null ? {} : { case_id: caseId }) }, key, deviceId);
}

/** Give the address that the QR holds. */
export function addressOf(publicUrl: string, code: string): string {
  return `${publicUrl.replace(/\/+$/, "")}/verify?c=${code}`;
}
