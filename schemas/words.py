"""What the words of `vocabulary` are called on a screen, in English and Simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from schemas import vocabulary as v

WORDS: dict[type[StrEnum], dict[str, tuple[str, str]]] = {
    v.EventKind: {
        "visit_started": ("visit started", "到访开始"),
        "crew_joined": ("companion joined", "同行人员加入"),
        "step_done": ("step done", "步骤完成"),
        "identity_checked": ("identity checked", "身份核对"),
        "sealed_part_opened": ("sealed part opened", "密封内容已打开"),
        "recording_changed": ("recording changed", "录音录像变更"),
        "appointment_agreed": ("appointment agreed", "已约定时间"),
        "outcome_noted": ("outcome noted", "结果已记录"),
        "hold_placed": ("hold placed", "已暂停"),
        "visit_ended": ("visit ended", "到访结束"),
        "contact_proposed": ("contact correction proposed", "联系方式更正建议"),
        "question_answered": ("question answered", "已答复问题"),
        "finding_contested": ("finding contested", "对发现有异议"),
        "event_corrected": ("record corrected", "记录已更正"),
        "files_attached": ("files attached", "附件已添加"),
        "chain_opened": ("record chain opened", "记录链开启"),
        "directive_done": ("directive carried out", "指令已执行"),
    },
    v.Step: {
        "card_shown": ("card shown", "出示证件"),
        "recording_notice": ("recording announced", "告知录音录像"),
        "principal_named": ("principal named", "说明委托方"),
        "purpose_stated": ("purpose stated", "说明来意"),
        "options_given": ("options given", "告知可选方案"),
        "hardship_asked": ("hardship asked about", "询问困难情况"),
        "payment_answer": ("answer about payment", "还款答复"),
    },
    v.StartRemark: {
        v.StartRemark.WITHDRAWN: ("case is not on the device any more", "案件已不在设备上"),
        v.StartRemark.ON_HOLD: ("halt on the case", "案件已暂停"),
        v.StartRemark.OUTSIDE_HOURS: ("outside the allowed times", "不在允许的时间内"),
        v.StartRemark.CREW_TOO_SMALL: ("crew too small", "同行人数不足"),
        v.StartRemark.TOO_OFTEN: ("no visits left", "上门次数已用完"),
        v.StartRemark.CLOSING_SOON: ("close to the end of the allowed times", "临近允许时间的终点"),
    },
    v.CountUnit: {
        v.CountUnit.ATTEMPT: ("visit, whoever was met", "每次上门"),
        v.CountUnit.CONTACT: ("visit at which somebody was met", "见到住户的上门"),
    },
    v.Saying: {
        "identity": ("who are you", "核对身份"),
        "someone_else": ("to somebody else", "对他人说"),
        "declined": ("when they decline", "对方不愿核对时"),
        "leave": ("goodbye", "告辞"),
    },
    v.StepResponse: {
        "given": ("given", "已作答"),
        "refused": ("refused", "拒绝"),
        "not_applicable": ("does not apply", "不适用"),
    },
    v.ContactResult: {
        "person": ("the person", "本人"),
        "other_adult": ("another adult", "其他成年人"),
        "only_minor": ("only a minor", "仅未成年人"),
        "nobody": ("nobody", "无人在家"),
        "moved": ("moved away", "已搬离"),
        "not_found": ("address not found", "地址找不到"),
        "no_access": ("no access", "无法进入"),
        "unsafe": ("unsafe", "不安全"),
        "deceased": ("deceased", "已故"),
    },
    v.Disposition: {
        "promise": ("promised to pay", "承诺还款"),
        "says_paid": ("says it is paid", "称已还款"),
        "refuses": ("refuses", "拒绝"),
        "disputes": ("disputes it", "有异议"),
        "hardship": ("in hardship", "有困难"),
        "cannot_decide": ("cannot decide now", "暂不能决定"),
        "appointment": ("made an appointment", "另约时间"),
        "represented": ("is represented", "已委托代理人"),
        "none": ("nothing", "无"),
    },
    v.Identity: {
        "confirmed": ("confirmed", "已确认"),
        "failed": ("not confirmed", "未通过"),
        "declined": ("declined to say", "不愿说明"),
        "unsure": ("unsure", "不确定"),
    },
    v.IdentityMethod: {
        "letter_code": ("code from the letter", "信函中的代码"),
        "two_facts": ("two facts", "两项信息"),
        "document_seen": ("document seen", "查看证件"),
    },
    v.WrapKind: {
        "letter_code": ("code from the letter", "信函中的代码"),
        "two_facts": ("two facts", "两项信息"),
        "document": ("document seen", "查看证件"),
    },
    v.FactKind: {
        "birth_year": ("year of birth", "出生年份"),
        "birth_month": ("month of birth", "出生月份"),
        "document_end": ("last two digits of the identity document", "证件号码末两位"),
        "phone_end": ("last two digits of the phone number", "手机号码末两位"),
    },
    v.HoldReason: {
        "asked_to_leave": ("asked to leave", "要求离开"),
        "wrong_person": ("wrong person", "找错人"),
        "minor": ("a minor", "未成年人"),
        "bereavement": ("bereavement", "丧亲"),
        "illness": ("illness", "疾病"),
        "distress": ("distress", "情绪困扰"),
        "dispute": ("dispute", "争议"),
        "representative": ("has a representative", "有代理人"),
        "refusal": ("refuses visits", "拒绝上门"),
        "danger": ("danger", "危险"),
        "complaint": ("complaint", "投诉"),
        "hardship": ("asks for hardship help", "请求困难帮扶"),
    },
    v.HoldScope: {"case": ("this case", "本案件"), "person": ("the person", "该人")},
    v.EndReason: {
        "completed": ("completed", "完成"),
        "asked_to_leave": ("asked to leave", "要求离开"),
        "withdrawn": ("case withdrawn", "案件撤回"),
        "danger": ("danger", "危险"),
        "abandoned": ("abandoned", "中止"),
    },
    v.RecordingState: {"started": ("started", "开始"), "paused": ("paused", "暂停"), "stopped": ("stopped", "停止")},
    v.RecordingDuty: {
        "duty": ("is a duty", "必须"),
        "only_with_consent": ("only with consent", "须经同意"),
        "forbidden": ("is forbidden", "禁止"),
    },
    v.RecordingMedium: {"audio": ("sound", "录音"), "video": ("video", "录像")},
    v.MadeBy: {"person": ("the person", "本人"), "agent": ("the agent", "外访员"), "office": ("the office", "后台")},
    v.Datum: {"wgs84": ("WGS-84", "WGS-84"), "gcj02": ("GCJ-02", "GCJ-02"), "unknown": ("unknown", "未知")},
    v.NoFixReason: {
        "denied": ("location not allowed", "未授权定位"),
        "unavailable": ("no location to be had", "无法定位"),
        "timeout": ("location took too long", "定位超时"),
    },
    v.Precision: {
        "door": ("door", "门牌"),
        "building": ("building", "楼栋"),
        "street": ("street", "街道"),
        "village": ("village", "村"),
        "town": ("town", "乡镇"),
    },
    v.Role: {"lead": ("lead", "主访"), "companion": ("companion", "同行")},
    v.OpeningReason: {
        "enrolled": ("device enrolled", "设备登记"),
        "forked": ("store was copied or restored", "存储被复制或恢复"),
        "unreadable": ("part of the store cannot be read", "部分存储无法读取"),
        "restored": ("server was restored", "服务器已恢复"),
        "wiped": ("device was wiped", "设备已清除"),
    },
    v.ReceiptStatus: {
        "accepted": ("received", "已接收"),
        "duplicate": ("received before", "此前已接收"),
        "parked": ("received, set aside for a person", "已接收，待人工处理"),
        "id_reuse": ("received, its number was used before", "已接收，编号重复"),
    },
    v.ParkReason: {
        "unreadable": ("cannot be read", "无法读取"),
        "id-mismatch": ("carries two different numbers", "编号不一致"),
        "unknown-kind": ("is of a kind this server does not know", "服务器不识别该类型"),
        "unknown-schema": ("was written by a newer app", "由更新版本的应用写入"),
        "invalid": ("has fields that cannot be right", "字段有误"),
        "device-revoked": ("comes from a withdrawn device", "来自已停用设备"),
        "not-assigned": ("is about a case never assigned to this agent", "案件从未分配给该外访员"),
        "withheld": ("is too large and comes as a file", "内容过大，以文件发送"),
        "erased": ("was erased", "已删除"),
    },
    v.Flag: {
        "reassigned": ("case was given to another agent", "案件已转给他人"),
        "closed": ("case was closed", "案件已关闭"),
        "expired": ("packet had expired", "资料已过期"),
        "checkpoint_bad": ("signature over the chain does not match", "记录链签名不符"),
    },
    v.ItemType: {
        "packet": ("case packet", "案件资料"),
        "decision": ("decision", "审核决定"),
        "replay": ("judged again", "重新判定"),
        "erased": ("erased", "已删除"),
        "file_state": ("state of a file", "文件状态"),
        "server_keys": ("server keys", "服务器密钥"),
        "notice": ("notice", "通知"),
        "hold": ("hold", "暂停"),
    },
    v.RemovalReason: {
        "unassigned": ("given to another agent", "已转给他人"),
        "closed": ("closed", "已关闭"),
        "expired": ("expired", "已过期"),
        "paid": ("paid", "已还清"),
        "revoked": ("device withdrawn", "设备已停用"),
        "lifted": ("lifted", "已解除"),
        "done": ("done", "已完成"),
    },
    v.DirectiveKind: {
        "upload_all": ("send everything", "全部上传"),
        "wipe_after_upload": ("wipe once everything is sent", "上传后清除"),
        "wipe_now": ("wipe now", "立即清除"),
        "reset_packets": ("fetch all packets again", "重新获取资料"),
    },
    v.DirectiveResult: {"done": ("done", "完成"), "failed": ("failed", "失败"), "ignored": ("ignored", "未执行")},
    v.MonoKind: {"boottime": ("runs through sleep", "休眠时继续"), "awake": ("may stop in sleep", "休眠时可能停止")},
    v.Act: {
        "approved": ("approved", "通过"),
        "returned": ("returned with a question", "退回提问"),
        "rejected": ("rejected", "驳回"),
        "amended": ("amended", "修订"),
    },
}


def say(word: StrEnum, language: str = "en") -> str:
    """
    Give what *word* is called in *language* (`en` or `zh`).

    >>> say(v.ContactResult.NOBODY, "zh")
    '无人在家'
    """
    return WORDS[type(word)][word.value][1 if language.startswith("zh") else 0]


_CODED: dict[str, type[StrEnum]] = {
    "step": v.Step, "response": v.StepResponse, "identity": v.Identity, "method": v.IdentityMethod,
    "contact_result": v.ContactResult, "disposition": v.Disposition, "state": v.RecordingState,
    "medium": v.RecordingMedium,
}  # fmt: skip
_REASONS = {
    v.EventKind.VISIT_ENDED: v.EndReason, v.EventKind.HOLD_PLACED: v.HoldReason,
    v.EventKind.CHAIN_OPENED: v.OpeningReason,
}  # fmt: skip


def say_body(kind: v.EventKind, body: Mapping[str, Any], language: str = "en") -> str:
    """
    Give what an event says in one line: its coded members in words, its reasons, what the device warned of.

    >>> say_body(v.EventKind.STEP_DONE, {"step": "card_shown", "response": "given"})
    'card shown, given'
    """
    coded = _CODED | ({"reason": _REASONS[kind]} if kind in _REASONS else {})
    told = [say(of(body[name]), language) for name, of in coded.items() if body.get(name) is not None]
    told += [body[name] for name in ("reason", "override_reason") if name in body and name not in coded]
    return ", ".join([*told, *(say(v.StartRemark(code), language) for code in body.get("warned", ()))])
