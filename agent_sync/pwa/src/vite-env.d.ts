interface ImportMetaEnv { readonly PROD: boolean }
interface ImportMeta {
  readonly env: ImportMetaEnv;
  glob<T>(pattern: string): Record<string, () => Promise<T>>;
  glob<T>(pattern: string, how: { query: "?raw"; import: "default"; eager: true }): Record<string, T>;
}
declare module "*.css";
