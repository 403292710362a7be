/** The menu: everything that is not the day or the door. */
import { Calm, Link, Screen } from "../parts";
import { usePhone } from "../phone";
import { href } from "../route";

export function Menu() {
  const { face, t, isPractice, status, reopen } = usePhone();
  const lock = () => {
    face.lock();
    void reopen();
  };
  return (
    <Screen title={t.menu} up={[""]}>
      <nav aria-label={t.menu}>
        <Link to={href("record")}>{t.recordTitle}</Link>
        <Link to={href("questions")}>{t.questionsTitle}{status && status.questions.length > 0 ? ` (${status.questions.length})` : ""}</Link>
        <Link to={href("join")}>{t.joinTitle}</Link>
        <Link to={href("sending")}>{t.sendingTitle}</Link>
        <Link to={href("settings")}>{t.settings}</Link>
        <Link to="/agent/check">{t.checkPhone}</Link>
        {!isPractice && <Link to="/agent/?rehearse">{t.practise}</Link>}
        {isPractice && <Link to="/agent/">{t.leavePractice}</Link>}
      </nav>
      <Calm onAct={lock}>{t.lockNow}</Calm>
    </Screen>
  );
}
