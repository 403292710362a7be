/** When a visit may start, in the few words of a list: "open until 18:40", "opens 16:00 · appointed", "not today: …". */
import type { PacketView } from "./face";
import { clock, isSameDay, moment } from "./moments";
import { CLOCK } from "./rules";
import type { Texts } from "./texts/en";

export interface Lawful { words: string; mark: "good" | "wait" | "stop"; isToday: boolean }

export function lawful(t: Texts, packet: PacketView, nowMs: number): Lawful {
  const stop = (words: string): Lawful => ({ words, mark: "stop", isToday: false });
  if (packet.remarks.some((each) => each.facts.why === CLOCK)) return stop(t.clockShut);
  if (!packet.isReadable) return stop(t.timeEnded);
  if (packet.holds.length) return stop(t.halted(t.list(packet.holds.map((each) => t.words.HoldReason[each as "illness"] ?? each))));
  const other = packet.remarks.find((each) => each.level === "block" && each.code !== "outside-hours");
  if (other) return stop(t.notToday(t.words.StartRemark[other.code as "too-often"] ?? other.code));
  const tail = packet.isAppointed ? ` · ${t.appointed}` : "";
  const { opensMs, closesMs } = packet;
  const isOutside = packet.remarks.some((each) => each.code === "outside-hours");
  if (closesMs !== null && !isOutside && (opensMs === null || opensMs <= nowMs) && nowMs < closesMs)
    return { words: t.openUntil(isSameDay(closesMs, nowMs) ? clock(t, closesMs) : moment(t, closesMs, nowMs)) + tail, mark: "good", isToday: true };
  if (opensMs !== null && opensMs > nowMs) {
    if (isSameDay(opensMs, nowMs)) return { words: t.opensAt(clock(t, opensMs)) + tail, mark: "wait", isToday: true };
    return stop(`${t.notToday(t.opensAt(moment(t, opensMs, nowMs)))}${tail}`);
  }
  if (isOutside) return stop(t.notToday(closesMs !== null && closesMs <= nowMs ? t.noTimeLeft : t.quietTime));
  return { words: t.anyTime + tail, mark: "good", isToday: true };
}
