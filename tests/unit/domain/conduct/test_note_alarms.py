"""False alarms: ordinary notes of visits, in both languages. Few of them may be flagged, and those for a reason."""

from __future__ import annotations

from server.domain.conduct.notes import find_spans

# Invented, as agents write them: who was met, what was said and left, what others did. None tells of a wrong.
ORDINARY = """
Nobody home, left the sealed slip in the mailbox.
Person asked us to come back on Friday after six.
Spoke to the person at the door, she will pay 200 on the 15th by bank transfer.
She says she paid by bank transfer on Monday and showed the receipt.
He said he already paid the bank last week.
Wife opened, said he is at work. Gave no reason for the visit.
The wife told me he moved to her mother's flat.
Asked the neighbour which door is number 12; said nothing else.
Person refused to talk and asked us to leave; left at once.
He was upset and shouted at us, we left.
She was embarrassed that we came in uniform.
Explained hardship options to her and left the leaflet.
Told her that she may refuse and that we leave at once.
Told him that no one will be arrested and this is no court matter.
Explained that we cannot take cash.
He wanted to pay in cash; I told him we take no cash and gave him the bank's account.
Offered me money for coffee, declined.
Doorman said the family moved out in May.
Guard at the gate did not let us in.
Landlord says the flat has been empty since March.
Son answered the intercom, a child; said we would come another day and left.
Person cried; placed a hold for distress.
She paid me a compliment.
Received the money order number from her, noted in the file.
He accepted the money transfer plan of 50 a month.
He took the letter, counted the pages and closed the door.
She collected money from her account and paid at the bank.
He received cash from his employer on Friday and pays then.
She told her husband about the loan while we waited.
He called himself a liar and laughed.
Put the sealed letter under the door.
Left the note "we called" with no further words at the door.
Stuck a slip in the letterbox; note on the gate says beware of dog.
Posted the sealed letter in the letterbox by the door.
We know where the flat is now, the map was wrong.
I will take the documents to the office.
We will take photos of the door number only.
We would take the car to the next address.
Pay day is the 25th.
Sign on the door says closed.
Could open or else ring at number 3.
He asked if the police would come; I said no.
I warned them about the dog on the stairs.
Told them the police station is next door when they asked for directions.
He gave me his new phone number and 2 documents.
She gave me a glass of water.
He gave us 10 minutes to explain.
He paid to my knowledge.
Sent it to my office email.
家里没人，已将密封信放入信箱。
本人开门，表示下周五发工资后转账到公司账户。
本人称已通过手机银行还款，已出示回单。
爱人开门，称本人上班，未说明来意。
邻居称其已搬走。
向邻居核实门牌号，未提及任何事由。
向物业打听楼栋入口，没有说明来意。
保安不让进，在小区门口等候后离开。
本人情绪激动，要求我们离开，随即离开。
对方骂我们，我们没有还口，离开现场。
告知其可以拒绝上门，也可以申请困难帮助。
告知本人我们不收现金，只能转入公司账户。
客户想给现金，我拒绝了，并说明公司账户。
他给我看了转账记录。
他给我两份收入证明。
对方给我们倒了水。
他说以前的催收公司威胁过他家人。
本人与妻子一同在场，妻子为共同借款人，已向其说明还款方案。
孩子在家，大人不在，随即离开。
父亲接听门禁，称本人在外地。
贴好信封封口后投入信箱。
门上贴着出租告示。
楼道墙上贴有小广告，门牌看不清。
让邻居帮忙开了单元门。
我们到他单位附近时他来电改期。
请他到银行柜台还款。
他说钱已经打到公司账户。
本人答应15号前付款给银行。
客户要求不要告诉家人欠款的事，已登记。
我向本人说明了贷款余额。
和本人约定下周三再来。
他担心会坐牢，我说明不会。
客户问否则会怎样，已说明可申请协商。
请本人转告其父亲不必担心。
收到本人提供的病历复印件。
收了雨伞后按门铃。
拿到门卡后进入单元门。
他把现金存进银行了。
""".strip().splitlines()
# Flagged, and rightly looked at: somebody else's threat that the person tells of, and a second borrower who was told.
LOOKED_AT = """
The person says the lender's staff threatened him by phone last month.
He says another agency threatened him.
Husband and wife are joint borrowers; told the husband about the loan as agreed.
客户说上个月有人打电话威胁他。
""".strip().splitlines()


def test_ordinary_notes_are_not_flagged() -> None:
    """Whoever writes a new pattern sees here what it would cost: not one of these is flagged."""
    flagged = {note: [span.pattern for span in find_spans(note)] for note in ORDINARY if find_spans(note)}

    assert {} == flagged


def test_what_is_flagged_for_a_reason_stays_flagged() -> None:
    """Nobody can tell these from a wrong by their words: a reviewer reads them, and they stay few."""
    assert [1] * len(LOOKED_AT) == [len(find_spans(note)) for note in LOOKED_AT]
    assert len(LOOKED_AT) * 20 <= len(ORDINARY)
