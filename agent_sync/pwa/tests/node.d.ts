/** The little of Node that tests use; the app itself knows no Node. */
declare module "node:fs" {
  export function writeFileSync(path: string, content: string | Uint8Array): void;
}
declare module "node:process" {
  export const env: Record<string, string | undefined>;
}
declare module "node:zlib" {
  export function deflateSync(content: Uint8Array): Uint8Array;
  export function gzipSync(content: Uint8Array): Uint8Array;
}
