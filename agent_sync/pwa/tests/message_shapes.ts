// Written by `python -m tests.contract.pwa.write_vocabulary`. Do not edit.
import * as v from "../src/vocabulary";
import { day, flag, integer, list, object, optional, serverTime, sha256, text, texts, uuid, wall, word } from "../src/checks";

export const Person = object({
  name: text(1, 200),
  language: optional(text(1, 20)),
  contacts: optional(texts),
});
export const Place = object({
  address: text(1, 500),
  area: optional(text(1, 100)),
  postal_code: optional(text(1, 20)),
  lat_e7: optional(integer(-900000000, 900000000)),
  lon_e7: optional(integer(-1800000000, 1800000000)),
  precision: optional(word(v.Precision)),
  radius_dm: optional(integer(0, 9007199254740991)),
});
export const CrewMember = object({
  agent_id: uuid,
  name: text(1, 200),
  role: word(v.Role),
});
export const Interval = object({
  starts: wall,
  ends: wall,
});
export const Count = object({
  unit: word(v.CountUnit),
  most: integer(0, 1000),
  period_ms: integer(1, 9007199254740991),
});
export const RecordingLimits = object({
  audio: optional(word(v.RecordingDuty)),
  video: optional(word(v.RecordingDuty)),
});
export const Limits = object({
  intervals: optional(list(Interval, 0)),
  steps: optional(list(word(v.Step), 0)),
  counts: optional(list(Count, 0)),
  known_visits: optional(list(uuid, 0)),
  crew_min: optional(integer(1, 10)),
  longest_stay_ms: optional(integer(0, 9007199254740991)),
  fence_dm: optional(integer(0, 9007199254740991)),
  recording: optional(RecordingLimits),
});
export const Appointment = object({
  appointment_id: uuid,
  starts: wall,
  ends: wall,
  made_by: word(v.MadeBy),
});
export const Planned = object({
  day: day,
  order: integer(1, 1000),
  starts: wall,
});
export const Text = object({
  key: text(1, 40),
  version: text(1, 40),
  language: text(1, 20),
  text: text(1, 4000),
});
export const OpenPart = object({
  person: Person,
  place: Place,
  crew: list(CrewMember, 0),
  limits: Limits,
  appointments: optional(list(Appointment, 0)),
  planned: optional(Planned),
  texts: optional(list(Text, 0)),
  lease_until: serverTime,
});
export const Ask = object({
  fact: word(v.FactKind),
  choices: list(text(1, 40), 2, 20),
});
export const Wrap = object({
  kind: word(v.WrapKind),
  key: text(1, 400),
  salt: optional(text(1, 40)),
  iterations: optional(integer(1, 9007199254740991)),
  iv: optional(text(1, 40)),
  asks: optional(list(Ask, 2, 2)),
});
export const SealedPart = object({
  iv: text(1, 40),
  ciphertext: text(1, 200000),
  wraps: list(Wrap, 0),
});
export const Packet = object({
  schema: integer(),
  role: word(v.Role),
  open: OpenPart,
  sealed: optional(SealedPart),
});
export const Noticed = object({
  finding_id: uuid,
  code: text(1, 60),
  severity: text(1, 20),
  sentence: text(1, 1000),
});
export const Decision = object({
  case_id: uuid,
  visit_id: uuid,
  act: word(v.Act),
  at: serverTime,
  question: optional(text(1, 4000)),
  reason: optional(text(1, 4000)),
  findings: optional(list(Noticed, 0)),
});
export const Replay = object({
  event_id: uuid,
  status: word(v.ReceiptStatus),
  at: serverTime,
});
export const Erased = object({
  event_id: uuid,
});
export const FileState = object({
  sha256: sha256,
  state: word(["verified", "discarded"]),
  at: serverTime,
});
export const Hold = object({
  hold_id: uuid,
  case_ids: list(uuid, 0),
  reason: word(v.HoldReason),
  until: optional(serverTime),
});
export const ServerKey = object({
  kid: text(1, 64),
  jwk: texts,
  active_from: serverTime,
});
export const ServerKeys = object({
  keys: list(ServerKey, 0),
  proof: text(1, 20000),
});
export const Notice = object({
  title: text(1, 200),
  text: text(1, 4000),
});
export const LastContact = object({
  server_time: serverTime,
  mono_ms: integer(0, 9007199254740991),
  rtt_ms: integer(0, 9007199254740991),
});
export const Clock = object({
  wall: wall,
  mono_ms: integer(0, 9007199254740991),
  boot: text(1, 64),
  mono: word(v.MonoKind),
  last: optional(LastContact),
});
export const Submitted = object({
  id: uuid,
  seq: integer(1, 9007199254740991),
  content: optional(text(0)),
  digest: optional(sha256),
  withheld: optional(integer(0, 9007199254740991)),
  erased: optional(flag),
});
export const Push = object({
  chain_id: uuid,
  prev: optional(sha256),
  events: optional(list(Submitted, 0)),
  checkpoint: optional(text(1, 4000)),
});
export const Pull = object({
  cursor: optional(text(1, 120)),
  page_bytes: optional(integer(1, 9007199254740991)),
});
export const Exchange = object({
  clock: Clock,
  push: Push,
  pull: optional(Pull),
});
export const Device = object({
  kind: text(1, 40),
  model: text(1, 100),
  app: text(1, 40),
});
export const Enrol = object({
  code: text(1, 40),
  jwk: texts,
  device: Device,
  proof: text(1, 4000),
});

export const ITEM_SHAPES = {
  packet: Packet,
  decision: Decision,
  replay: Replay,
  erased: Erased,
  file_state: FileState,
  hold: Hold,
  server_keys: ServerKeys,
  notice: Notice,
};
