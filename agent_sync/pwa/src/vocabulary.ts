// Written by `python -m tests.contract.pwa.write_vocabulary`. Do not edit.

export const PROTOCOL_VERSION = 1;
export const EVENT_SCHEMA = 1;
export const ENTERING_HOME = "entering home";
export const MAX_INTEGER = 9007199254740991;
export const MAX_DEPTH = 32;
export const BUCKETS = 64;
export const SUM_MODULUS = 281474976710656;
export const ZERO_HASH = "0000000000000000000000000000000000000000000000000000000000000000";
export const MAX_FETCH = 200;
export const MAX_NOTE = 4000;
export const ITERATIONS = 600000;

export const EventKind = ["visit_started", "crew_joined", "step_done", "identity_checked", "sealed_part_opened", "recording_changed", "appointment_agreed", "outcome_noted", "hold_placed", "visit_ended", "contact_proposed", "question_answered", "finding_contested", "event_corrected", "files_attached", "chain_opened", "directive_done"] as const;
export type EventKind = (typeof EventKind)[number];

export const Step = ["card_shown", "recording_notice", "principal_named", "purpose_stated", "options_given", "hardship_asked", "payment_answer"] as const;
export type Step = (typeof Step)[number];

export const StartRemark = ["withdrawn", "on-hold", "outside-hours", "crew-too-small", "too-often", "closing-soon"] as const;
export type StartRemark = (typeof StartRemark)[number];

export const CountUnit = ["attempt", "contact"] as const;
export type CountUnit = (typeof CountUnit)[number];

export const Saying = ["identity", "someone_else", "declined", "leave"] as const;
export type Saying = (typeof Saying)[number];

export const StepResponse = ["given", "refused", "not_applicable"] as const;
export type StepResponse = (typeof StepResponse)[number];

export const ContactResult = ["person", "other_adult", "only_minor", "nobody", "moved", "not_found", "no_access", "unsafe", "deceased"] as const;
export type ContactResult = (typeof ContactResult)[number];

export const Disposition = ["promise", "says_paid", "refuses", "disputes", "hardship", "cannot_decide", "appointment", "represented", "none"] as const;
export type Disposition = (typeof Disposition)[number];

export const Identity = ["confirmed", "failed", "declined", "unsure"] as const;
export type Identity = (typeof Identity)[number];

export const IdentityMethod = ["letter_code", "two_facts", "document_seen"] as const;
export type IdentityMethod = (typeof IdentityMethod)[number];

export const WrapKind = ["letter_code", "two_facts", "document"] as const;
export type WrapKind = (typeof WrapKind)[number];

export const FactKind = ["birth_year", "birth_month", "document_end", "phone_end"] as const;
export type FactKind = (typeof FactKind)[number];

export const HoldReason = ["asked_to_leave", "wrong_person", "minor", "bereavement", "illness", "distress", "dispute", "representative", "refusal", "danger", "complaint", "hardship"] as const;
export type HoldReason = (typeof HoldReason)[number];

export const HoldScope = ["case", "person"] as const;
export type HoldScope = (typeof HoldScope)[number];

export const EndReason = ["completed", "asked_to_leave", "withdrawn", "danger", "abandoned"] as const;
export type EndReason = (typeof EndReason)[number];

export const RecordingState = ["started", "paused", "stopped"] as const;
export type RecordingState = (typeof RecordingState)[number];

export const RecordingDuty = ["duty", "only_with_consent", "forbidden"] as const;
export type RecordingDuty = (typeof RecordingDuty)[number];

export const RecordingMedium = ["audio", "video"] as const;
export type RecordingMedium = (typeof RecordingMedium)[number];

export const MadeBy = ["person", "agent", "office"] as const;
export type MadeBy = (typeof MadeBy)[number];

export const Datum = ["wgs84", "gcj02", "unknown"] as const;
export type Datum = (typeof Datum)[number];

export const NoFixReason = ["denied", "unavailable", "timeout"] as const;
export type NoFixReason = (typeof NoFixReason)[number];

export const Precision = ["door", "building", "street", "village", "town"] as const;
export type Precision = (typeof Precision)[number];

export const Role = ["lead", "companion"] as const;
export type Role = (typeof Role)[number];

export const OpeningReason = ["enrolled", "forked", "unreadable", "restored", "wiped"] as const;
export type OpeningReason = (typeof OpeningReason)[number];

export const ReceiptStatus = ["accepted", "duplicate", "parked", "id_reuse"] as const;
export type ReceiptStatus = (typeof ReceiptStatus)[number];

export const ParkReason = ["unreadable", "id-mismatch", "unknown-kind", "unknown-schema", "invalid", "device-revoked", "not-assigned", "withheld", "erased"] as const;
export type ParkReason = (typeof ParkReason)[number];

export const Flag = ["reassigned", "closed", "expired", "checkpoint_bad"] as const;
export type Flag = (typeof Flag)[number];

export const ItemType = ["packet", "decision", "replay", "erased", "file_state", "server_keys", "notice", "hold"] as const;
export type ItemType = (typeof ItemType)[number];

export const RemovalReason = ["unassigned", "closed", "expired", "paid", "revoked", "lifted", "done"] as const;
export type RemovalReason = (typeof RemovalReason)[number];

export const DirectiveKind = ["upload_all", "wipe_after_upload", "wipe_now", "reset_packets"] as const;
export type DirectiveKind = (typeof DirectiveKind)[number];

export const DirectiveResult = ["done", "failed", "ignored"] as const;
export type DirectiveResult = (typeof DirectiveResult)[number];

export const MonoKind = ["boottime", "awake"] as const;
export type MonoKind = (typeof MonoKind)[number];

export const Act = ["approved", "returned", "rejected", "amended"] as const;
export type Act = (typeof Act)[number];

export const VISIT_KINDS: ReadonlySet<string> = new Set(["appointment_agreed", "crew_joined", "hold_placed", "identity_checked", "outcome_noted", "recording_changed", "sealed_part_opened", "step_done", "visit_ended", "visit_started"]);

export const DEVICE_KINDS: ReadonlySet<string> = new Set(["chain_opened", "directive_done"]);

export const NOBODY_MET: ReadonlySet<string> = new Set(["moved", "no_access", "nobody", "not_found"]);

export const POSSIBLE_PAIRS: Record<string, readonly string[]> = {"person": ["promise", "says_paid", "refuses", "disputes", "hardship", "cannot_decide", "appointment", "represented", "none"], "other_adult": ["represented", "none"], "only_minor": ["none"], "nobody": ["none"], "moved": ["none"], "not_found": ["none"], "no_access": ["none"], "unsafe": ["none"], "deceased": ["represented", "none"]};

export const PROBLEMS: ReadonlySet<string> = new Set(["malformed", "too-deep", "not-canonical", "not-found", "method-not-allowed", "length-required", "too-large", "unsupported-media-type", "unauthenticated", "use-nonce", "gone", "enrolment-code-invalid", "upload-token-invalid", "token-invalid", "not-permitted", "chain-forked", "too-many-events", "reauth-required", "upload-only", "epoch-changed", "cursor-foreign", "paused", "offset-conflict", "checksum-mismatch", "rate-limited", "internal", "unavailable", "invalid", "bad-signature", "no-network", "certificate-refused", "not-enrolled", "store-locked", "withdrawn", "conflict"]);
