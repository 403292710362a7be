/** What is typed on the phone: taken only where it can be read in one way, and each problem stands under its own field. */
import { expect, test } from "vitest";
import { amountOf, checkMeeting, checkPin, checkPromise, numberOf } from "../../src/entries";

const NOW = new Date(2026, 10, 26, 12, 0).getTime();

test.each([
  ["1200", "USD", 120_000], ["1200,5", "USD", 120_050], [" 12.34 ", "EUR", 1_234], ["0.07", "USD", 7], ["1500", "JPY", 1_500],
  ["1,200", "USD", null], ["1.200", "EUR", null], ["1,200.50", "USD", null], ["12 000", "USD", null], ["-5", "USD", null],
  ["1e3", "USD", null], ["", "USD", null], ["15.5", "JPY", null], ["9".repeat(13), "USD", null], ["1.5", "KWD", 1_500], ["1.200", "KWD", null],
])("the amount %s in %s is %s minor units", (text, currency, minor) => {
  expect(amountOf(text, currency)).toBe(minor);
});

test.each([
  ["112", "112"], ["", ""], ["+1 (415) 555-0199", "+14155550199"], ["１１０", "110"], ["*55", "*55"],
  ["1", null], ["+", null], ["1+12", null], ["police", null], ["112x", null], ["9".repeat(30), null],
])("the emergency number %s is called as %s", (text, number) => {
  expect(numberOf(text)).toBe(number);
});

test("a promise needs an amount above 0, a currency, and a day that is not past", () => {
  expect([
    checkPromise({ amount: "50", currency: "USD", due: "2026-11-26" }, NOW),
    checkPromise({ amount: "0", currency: "", due: "2026-11-25" }, NOW),
    checkPromise({ amount: "1,200", currency: "US", due: "" }, NOW),
  ]).toEqual([
    {},
    { amount: "promiseAmountWrong", currency: "currencyWrong", due: "promiseDueWrong" },
    { amount: "promiseAmountWrong", currency: "currencyWrong", due: "promiseDueWrong" },
  ]);
});

test.each([
  [{ day: "2026-11-27", from: "09:00", to: "10:00" }, {}],
  [{ day: "", from: "09:00", to: "10:00" }, { day: "dayWrong" }],
  [{ day: "2026-11-25", from: "17:00", to: "18:00" }, { day: "dayWrong" }],
  [{ day: "2026-11-26", from: "11:00", to: "13:00" }, { from: "timePast" }],
  [{ day: "2026-11-27", from: "", to: "10:00" }, { from: "timeMissing" }],
  [{ day: "2026-11-27", from: "10:00", to: "" }, { to: "appointmentOrder" }],
  [{ day: "2026-11-27", from: "10:00", to: "10:00" }, { to: "appointmentOrder" }],
])("an appointment at %o is wrong at %o", (meeting, wrong) => {
  expect(checkMeeting(meeting, NOW)).toEqual(wrong);
});

test.each([
  ["739146", "739146", {}], ["73914", "73914", { pin: "pinShort" }], ["73914a", "73914a", { pin: "pinShort" }],
  ["123456", "123456", { pin: "pinEasy" }], ["777777", "777777", { pin: "pinEasy" }], ["739146", "739147", { again: "pinDiffers" }],
])("the PIN %s, entered again as %s, is wrong at %o", (pin, again, wrong) => {
  expect(checkPin(pin, again)).toEqual(wrong);
});
