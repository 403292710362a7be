interface ImportMetaEnv { readonly PROD: boolean }
interface ImportMeta {
  readonly env: ImportMetaEnv;
  glob<T>(pattern: string): Record<string, () => Promise<T>>;
}
declare module "*.css";
