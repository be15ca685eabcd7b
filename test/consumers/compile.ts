import { join } from "node:path";
import ts from "typescript";

/** The result of a compilation. */
export interface Compilation {
  /** The compiler's errors. */
  readonly errors: string[];
  /** Every file that the compiler read. */
  readonly read: string[];
}

// Parsed declarations by the options that affect them. The projects share most libraries.
const declarations = new Map<string, ts.SourceFile | undefined>();

/** Compiles a project, as `tsc -p <project> --skipDefaultLibCheck` does. */
export function compile(project: string): Compilation {
  const formatting: ts.FormatDiagnosticsHost = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => project,
    getNewLine: () => "\n",
  };
  const errors: string[] = [];
  const record = (diagnostic: ts.Diagnostic) => {
    errors.push(ts.formatDiagnostic(diagnostic, formatting).trimEnd());
  };
  const config = ts.getParsedCommandLineOfConfigFile(
    join(project, "tsconfig.json"),
    // Skips the check of the compiler's own lib.*.d.ts, which saves half of the time. Every other library is
    // checked.
    { skipDefaultLibCheck: true },
    { ...ts.sys, getCurrentDirectory: () => project, onUnRecoverableConfigFileDiagnostic: record },
  );
  if (config === undefined) return { errors, read: [] };
  config.errors.forEach(record);
  const host = ts.createCompilerHost(config.options);
  host.getCurrentDirectory = () => project;
  const { getSourceFile } = host;
  host.getSourceFile = (name, languageVersion, ...rest) => {
    if (!/\.d\.[cm]?ts$/.test(name)) return getSourceFile(name, languageVersion, ...rest);
    const { module, moduleResolution } = config.options;
    const { setExternalModuleIndicator: _, ...options } =
      typeof languageVersion === "object" ? languageVersion : { languageVersion };
    const key = JSON.stringify([name, module, moduleResolution, options]);
    if (!declarations.has(key)) declarations.set(key, getSourceFile(name, languageVersion, ...rest));
    return declarations.get(key);
  };
  const program = ts.createProgram({
    rootNames: config.fileNames,
    options: config.options,
    projectReferences: config.projectReferences ?? [],
    host,
  });
  ts.getPreEmitDiagnostics(program).forEach(record);
  program.emit().diagnostics.forEach(record);
  return { errors, read: program.getSourceFiles().map(({ fileName }) => fileName) };
}
