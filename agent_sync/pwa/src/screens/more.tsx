/** The screens beside the day and the door, loaded together. */
import { Correct } from "./correct";
import { Join } from "./join";
import { Menu } from "./menu";
import { go } from "../route";
import { NewCode } from "./new_code";
import { Propose } from "./propose";
import { Questions } from "./questions";
import { MyRecord, VisitPage } from "./record";
import { SettingsPage } from "./settings";

export function More({ route: [name = "", one = "", two, three = ""] }: { route: string[] }) {
  if (name === "propose") return <Propose caseId={one} visitId={two} />;
  if (name === "correct") return <Correct caseId={one} visitId={two ?? ""} eventId={three} />;
  if (name === "record") return two ? <VisitPage caseId={one} visitId={two} /> : <MyRecord />;
  if (name === "questions") return <Questions />;
  if (name === "join") return <Join />;
  if (name === "code") return <NewCode up={["settings"]} onDone={() => go("")} />;
  if (name === "settings") return <SettingsPage />;
  return <Menu />;
}
