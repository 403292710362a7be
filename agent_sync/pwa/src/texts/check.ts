/** What `/agent/check` says, in both languages: apart, since the app itself never says it. */
import type { Language } from "../face";

export interface Said { title: string; checking: string; good: string; look: string; stop: string; rows: Record<string, [string, string]> }

export const checkTexts: Record<Language, Said> = {
  en: {
    title: "Can this phone do the work?",
    checking: "Looking…",
    good: "This phone can do it all.",
    look: "This phone can do the work. What is marked makes it harder.",
    stop: "This phone cannot do the work with this browser. Use a newer Chrome, Edge, Firefox or Safari.",
    rows: {
      secure: ["Safe connection", "Open the address with https://."],
      store: ["Saves on this phone", "Leave private browsing, or allow this page to save."],
      keys: ["Keeps keys", "This browser cannot keep a key that nobody can copy. Use a newer one."],
      shell: ["Opens without a network", "Leave private browsing, or use another browser."],
      kept: ["Storage is kept", "The browser may delete it when space runs out: put the app on the home screen."],
      space: ["Free space", "Less than 200 MB: make room."],
      place: ["Position", "No position within 8 seconds: turn location on and allow it."],
      clock: ["Clock", "It differs from the server's: set date and time to automatic."],
      scan: ["Scans codes", "This browser cannot scan; codes are typed instead."],
      awake: ["Stays awake", "The screen may go dark while your card is shown; touch it."],
      pack: ["Packs what it sends", "Without it, sending takes more data."],
      background: ["Sends in the background", "It is sent when the app is open instead."],
      locks: ["Two tabs work as one", "Open the app only once at a time."],
    },
  },
  zh: {
    title: "这部手机能用吗？",
    checking: "正在检查…",
    good: "这部手机完全可用。",
    look: "这部手机可以用，标出的几项会带来不便。",
    stop: "这部手机的浏览器不能用。请换较新的 Chrome、Edge、Firefox 或 Safari。",
    rows: {
      secure: ["安全连接", "请用 https:// 打开。"],
      store: ["能保存内容", "请退出无痕浏览，或允许本页面保存。"],
      keys: ["能保管密钥", "此浏览器不能保管无法复制的密钥，请换较新的浏览器。"],
      shell: ["没有网络也能打开", "请退出无痕浏览，或换浏览器。"],
      kept: ["内容不会被清理", "空间不足时可能被删除：请添加到主屏幕。"],
      space: ["可用空间", "不足 200 MB，请腾出空间。"],
      place: ["定位", "8 秒内没有取得定位：请打开定位并允许使用。"],
      clock: ["时间", "与服务器不一致：请设为自动校时。"],
      scan: ["扫码", "此浏览器不能扫码，可手动输入。"],
      awake: ["屏幕常亮", "出示证件时屏幕可能变暗，点一下即可。"],
      pack: ["压缩发送", "不支持时会多用流量。"],
      background: ["后台发送", "应用打开时才会发送。"],
      locks: ["多个标签页协同", "请只打开一个标签页。"],
    },
  },
};
