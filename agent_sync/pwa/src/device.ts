/** Stands where the device core comes: until it is merged, this phone says that it is not set up. */
import { type Face, Refusal } from "./face";

const missing = async (): Promise<never> => {
  throw new Refusal("not-enrolled");
};

export class Device {
  readonly open = async () => ({ stage: "new" as const, agentCode: "", isLocked: false });
  readonly enrol = missing;
  readonly unlock = missing;
  readonly lock = () => {};
  readonly packets = missing;
  readonly mayRecord = missing;
  readonly record = missing;
  readonly visit = missing;
  readonly leaveByMs = missing;
  readonly hold = missing;
  readonly triesLeft = missing;
  readonly checkIdentity = missing;
  readonly openSealed = missing;
  readonly card = missing;
  readonly visitQr = missing;
  readonly joinCrew = missing;
  readonly exchange = missing;
  readonly status = missing;
  readonly myVisits = missing;
  readonly statement = missing;
  readonly exportOutbox = missing;
  readonly subscribe = () => () => {};
}

export const isFace: Face = new Device();
