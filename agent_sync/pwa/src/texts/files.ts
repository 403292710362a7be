/** What is said of photos, signatures and recordings, in both languages; it comes with them. */
import { usePhone } from "../phone";

const en = {
  title: "Photos and signatures",
  photo: "Photo",
  photoLead: "Keeps time and case on the picture, and nothing else of this phone.",
  keeping: "Saving…",
  kept: "Saved on this phone.",
  signature: "Signature",
  signLead: (name: string) => `Hand the phone over. ${name} signs in the field with a finger.`,
  signField: "Field to sign in",
  signed: "Something is written in the field.",
  signNone: "Whoever cannot or does not want to sign does not have to: go back, nothing is saved.",
  clear: "Clear",
  roles: { photo: "Photo", signature: "Signature", audio: "Sound recording" } as Record<string, string>,
  states: {
    recording: "is recorded now", on_phone: "on this phone", held_back: "waits for Wi-Fi", uploading: "being sent",
    again: "did not arrive whole; is sent again", verified: "the office has it",
  } as Record<string, string>,
  recordHere: "Record sound here",
  otherRecorder: (medium: string) => `${medium}: other recorder…`,
  serial: "Number on the recorder",
  recordsNow: "It records now",
  stopHere: "Stop",
  goInside: "We go inside: stop recording",
  insideLead: "Recording was stopped before going inside. Ask before you record there.",
  agreeInside: "They agree to be recorded inside",
  waiting: (count: number) =>
    `${count === 1 ? "1 photo or recording waits" : `${count} photos or recordings wait`} on this phone. They follow the records one at a time, and are deleted here once the office has them whole.`,
  wifiOnly: "Send photos and recordings",
  wifi: { always: "By any network", wifi: "By Wi-Fi only" },
  wifiUntold: "This browser does not tell what it is connected by, so they are sent by any network.",
  problems: {
    "storage-low": (free: string) => `Only ${free} free on this phone. No more photos or recordings until there is room: send what waits by a good network, or delete other things. Records are still saved.`,
    "no-microphone": () => "The microphone cannot be used. Allow it in the browser, or use another recorder.",
    "not-a-picture": () => "This is not a picture that can be read. Take it again.",
  } as Record<string, (free: string) => string>,
};

const zh: typeof en = {
  title: "照片和签名",
  photo: "照片",
  photoLead: "照片上只写时间和案件，不带本手机的其他信息。",
  keeping: "正在保存…",
  kept: "已保存在手机上。",
  signature: "签名",
  signLead: (name) => `把手机递给对方，请${name}用手指在框内签名。`,
  signField: "签名框",
  signed: "框内已有笔迹。",
  signNone: "不能签或不愿签的人可以不签：返回即可，不会保存。",
  clear: "清除",
  roles: { photo: "照片", signature: "签名", audio: "录音" },
  states: {
    recording: "正在录制", on_phone: "在手机上", held_back: "等待无线网络", uploading: "正在发送",
    again: "未完整到达，将重新发送", verified: "后台已收到",
  },
  recordHere: "用本机录音",
  otherRecorder: (medium) => `其他设备${medium}…`,
  serial: "记录仪编号",
  recordsNow: "已开始录制",
  stopHere: "停止",
  goInside: "要进屋了：停止录制",
  insideLead: "进屋前已停止录制。在屋内录制前请先征得同意。",
  agreeInside: "对方同意在屋内录制",
  waiting: (count) => `手机上有 ${count} 份照片或录音等待发送。记录发完后逐份发送，后台完整收到后即从手机删除。`,
  wifiOnly: "发送照片和录音",
  wifi: { always: "任何网络", wifi: "仅无线网络" },
  wifiUntold: "此浏览器不提供网络类型，因此使用任何网络发送。",
  problems: {
    "storage-low": (free) => `手机仅剩 ${free}。腾出空间前不能再拍照或录音：请在网络良好时发送等待的内容，或删除其他东西。记录仍可保存。`,
    "no-microphone": () => "无法使用麦克风。请在浏览器中允许，或使用其他设备。",
    "not-a-picture": () => "无法读取这张图片，请重拍。",
  },
};

/** The words in the language the app speaks. */
export const fileTexts = { en, zh };
export const useFileTexts = () => fileTexts[usePhone().settings.language];
