// Written by `python -m tests.contract.pwa.write_vocabulary`. Do not edit.
import * as v from "./vocabulary";
import { anything, currency, day, equal, flag, integer, list, object, optional, salt, sha256, text, uuid, wall, word } from "./checks";
import type { Shape } from "./checks";

export const At = object({
  wall: wall,
  mono_ms: integer(0, 9007199254740991),
  boot: text(1, 64),
});
export const Fix = object({
  lat_e7: integer(-900000000, 900000000),
  lon_e7: integer(-1800000000, 1800000000),
  radius_dm: integer(0, 100000000),
  datum: word(v.Datum),
  mock: optional(flag),
  age_ms: optional(integer(0, 9007199254740991)),
  provider: optional(text(1, 20)),
});
export const VisitStartedBody = object({
  fixes: optional(list(Fix, 0, 20)),
  no_fix_reason: optional(word(v.NoFixReason)),
  override_reason: optional(text(1, 400)),
  warned: optional(list(word(v.StartRemark), 0, 20)),
});
export const File = object({
  sha256: sha256,
  size: integer(0, 9007199254740991),
  media_type: text(1, 100),
  role: text(1, 40),
  starts: optional(wall),
  ends: optional(wall),
});
export const VisitStartedEvent = object({
  id: uuid,
  kind: equal("visit_started"),
  schema: equal(1),
  at: At,
  body: VisitStartedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const CrewJoinedBody = object({
  fixes: optional(list(Fix, 0, 20)),
  no_fix_reason: optional(word(v.NoFixReason)),
  qr: optional(text(1, 2000)),
});
export const CrewJoinedEvent = object({
  id: uuid,
  kind: equal("crew_joined"),
  schema: equal(1),
  at: At,
  body: CrewJoinedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const StepDoneBody = object({
  step: word(v.Step),
  text_version: text(1, 40),
  response: word(v.StepResponse),
  note: optional(text(0, 4000)),
  override_reason: optional(text(1, 400)),
});
export const StepDoneEvent = object({
  id: uuid,
  kind: equal("step_done"),
  schema: equal(1),
  at: At,
  body: StepDoneBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const IdentityCheckedBody = object({
  identity: word(v.Identity),
  method: optional(word(v.IdentityMethod)),
  document_kind: optional(text(1, 40)),
  tries: optional(integer(0, 100)),
});
export const IdentityCheckedEvent = object({
  id: uuid,
  kind: equal("identity_checked"),
  schema: equal(1),
  at: At,
  body: IdentityCheckedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const SealedPartOpenedBody = object({
  method: word(v.IdentityMethod),
});
export const SealedPartOpenedEvent = object({
  id: uuid,
  kind: equal("sealed_part_opened"),
  schema: equal(1),
  at: At,
  body: SealedPartOpenedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const RecordingChangedBody = object({
  state: word(v.RecordingState),
  medium: word(v.RecordingMedium),
  source: optional(text(1, 40)),
  serial: optional(text(1, 80)),
  reason: optional(text(1, 400)),
});
export const RecordingChangedEvent = object({
  id: uuid,
  kind: equal("recording_changed"),
  schema: equal(1),
  at: At,
  body: RecordingChangedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const AppointmentAgreedBody = object({
  appointment_id: uuid,
  starts: wall,
  ends: wall,
  made_by: word(v.MadeBy),
  note: optional(text(0, 4000)),
});
export const AppointmentAgreedEvent = object({
  id: uuid,
  kind: equal("appointment_agreed"),
  schema: equal(1),
  at: At,
  body: AppointmentAgreedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const Promise = object({
  amount: integer(0, 9007199254740991),
  currency: currency,
  due: day,
});
export const OutcomeNotedBody = object({
  contact_result: word(v.ContactResult),
  disposition: word(v.Disposition),
  promise: optional(Promise),
  note: optional(text(0, 4000)),
});
export const OutcomeNotedEvent = object({
  id: uuid,
  kind: equal("outcome_noted"),
  schema: equal(1),
  at: At,
  body: OutcomeNotedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const HoldPlacedBody = object({
  reason: word(v.HoldReason),
  scope: word(v.HoldScope),
  until: optional(day),
  note: optional(text(0, 4000)),
});
export const HoldPlacedEvent = object({
  id: uuid,
  kind: equal("hold_placed"),
  schema: equal(1),
  at: At,
  body: HoldPlacedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const VisitEndedBody = object({
  fixes: optional(list(Fix, 0, 20)),
  no_fix_reason: optional(word(v.NoFixReason)),
  reason: word(v.EndReason),
});
export const VisitEndedEvent = object({
  id: uuid,
  kind: equal("visit_ended"),
  schema: equal(1),
  at: At,
  body: VisitEndedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const Change = object({
  field: word(["phone", "phone_2", "email", "address", "postal_code", "employer", "language", "note"]),
  base: optional(text(0, 400)),
  new: text(0, 400),
});
export const ContactProposedBody = object({
  changes: list(Change, 1, 20),
});
export const ContactProposedEvent = object({
  id: uuid,
  kind: equal("contact_proposed"),
  schema: equal(1),
  at: At,
  body: ContactProposedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: optional(uuid),
  packet_rev: optional(integer(0, 9007199254740991)),
});
export const QuestionAnsweredBody = object({
  decision_id: uuid,
  answer: text(1, 4000),
});
export const QuestionAnsweredEvent = object({
  id: uuid,
  kind: equal("question_answered"),
  schema: equal(1),
  at: At,
  body: QuestionAnsweredBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: optional(uuid),
  visit_id: optional(uuid),
  packet_rev: optional(integer(0, 9007199254740991)),
});
export const FindingContestedBody = object({
  finding_id: uuid,
  reason: text(1, 4000),
});
export const FindingContestedEvent = object({
  id: uuid,
  kind: equal("finding_contested"),
  schema: equal(1),
  at: At,
  body: FindingContestedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: optional(uuid),
  visit_id: optional(uuid),
  packet_rev: optional(integer(0, 9007199254740991)),
});
export const EventCorrectedBody = object({
  event_id: uuid,
  reason: text(1, 4000),
  body: anything,
});
export const EventCorrectedEvent = object({
  id: uuid,
  kind: equal("event_corrected"),
  schema: equal(1),
  at: At,
  body: EventCorrectedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: optional(uuid),
  visit_id: optional(uuid),
  packet_rev: optional(integer(0, 9007199254740991)),
});
export const FilesAttachedBody = object({
  source: optional(text(1, 40)),
  serial: optional(text(1, 80)),
});
export const FilesAttachedEvent = object({
  id: uuid,
  kind: equal("files_attached"),
  schema: equal(1),
  at: At,
  body: FilesAttachedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
  case_id: uuid,
  visit_id: uuid,
  packet_rev: integer(0, 9007199254740991),
});
export const ChainOpenedBody = object({
  reason: word(v.OpeningReason),
  previous: optional(uuid),
  after_seq: optional(integer(0, 9007199254740991)),
  lost: list(list(integer(1, 9007199254740991), 2, 2), 0, 1000),
});
export const ChainOpenedEvent = object({
  id: uuid,
  kind: equal("chain_opened"),
  schema: equal(1),
  at: At,
  body: ChainOpenedBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
});
export const DirectiveDoneBody = object({
  directive_id: uuid,
  result: word(v.DirectiveResult),
});
export const DirectiveDoneEvent = object({
  id: uuid,
  kind: equal("directive_done"),
  schema: equal(1),
  at: At,
  body: DirectiveDoneBody,
  salt: salt,
  files: optional(list(File, 0, 50)),
});

export const EVENT_SHAPES: Record<string, Shape> = {
  visit_started: VisitStartedEvent,
  crew_joined: CrewJoinedEvent,
  step_done: StepDoneEvent,
  identity_checked: IdentityCheckedEvent,
  sealed_part_opened: SealedPartOpenedEvent,
  recording_changed: RecordingChangedEvent,
  appointment_agreed: AppointmentAgreedEvent,
  outcome_noted: OutcomeNotedEvent,
  hold_placed: HoldPlacedEvent,
  visit_ended: VisitEndedEvent,
  contact_proposed: ContactProposedEvent,
  question_answered: QuestionAnsweredEvent,
  finding_contested: FindingContestedEvent,
  event_corrected: EventCorrectedEvent,
  files_attached: FilesAttachedEvent,
  chain_opened: ChainOpenedEvent,
  directive_done: DirectiveDoneEvent,
};
