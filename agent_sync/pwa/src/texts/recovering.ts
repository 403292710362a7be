/** What is said to whom the PIN no longer lets in, in both languages; it comes with that screen. */
import { usePhone } from "../phone";

const en = {
  lead: "The office can open a key to what is saved on this phone. With that key you choose a new PIN. What you recorded stays and is sent; the visits are deleted here and come again from the office.",
  give: "1. Give the office this file",
  giveLead: "Save it and hand it over, or copy it into a message. Only the office can open it, and it holds nothing of any visit.",
  save: "Save the file",
  saved: (name: string) => `Saved as ${name}. Hand it to the office.`,
  enter: "2. Enter the key they give you, and a new PIN",
  key: "Key from the office",
  keyWrong: "This is not the key of this phone. Nothing was changed. Compare it with what the office gave: 64 digits and letters from a to f.",
  open: "Open with the new PIN",
  anew: "To begin anew without it, delete this page's storage in the browser's settings and enter a new code; what was not sent is then lost.",
  none: "Nobody can open it without the PIN. Call the office: they know what has arrived. Keep the phone on, with a network, for a while: what lay ready to be sent may still go by itself.",
};

const zh: typeof en = {
  lead: "后台可以打开这部手机内容的密钥。有了密钥就能设置新密码。已记录的内容都保留并会发送；案件会从手机删除，再由后台送来。",
  give: "1. 把这个文件交给后台",
  giveLead: "保存后交给后台，或复制到消息里发过去。只有后台能打开，里面没有任何到访内容。",
  save: "保存文件",
  saved: (name) => `已保存为 ${name}，请交给后台。`,
  enter: "2. 输入后台给的密钥，并设置新密码",
  key: "后台给的密钥",
  keyWrong: "这不是这部手机的密钥，什么都没有改变。请与后台给的核对：64 位数字和字母 a 到 f。",
  open: "用新密码打开",
  anew: "要放弃并重新开始，请在浏览器设置中删除本页面的存储，再输入新的登记码；未发送的内容会因此丢失。",
  none: "没有密码谁也打不开。请联系后台，他们知道哪些已收到。让手机开着并连上网络一段时间：已准备好的内容可能还会自动发出。",
};

/** The words in the language the app speaks. */
export const recoverTexts = { en, zh };
export const useRecoverTexts = () => recoverTexts[usePhone().settings.language];
