/**
 * No object is indexed by a name that may come from data: a field may be called `constructor`, which every object has.
 *
 * The compiler's types show where: an access by an arbitrary string, on a type that accepts any. Use `ownValue` and
 * `putValue` of ops/program/own_value.ts, or a Map, instead.
 *
 * `deno task check` runs it as a program without the lockfile: Deno downloads everything in the lockfile before a
 * pipeline runs, and no pipeline needs a compiler.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import ts from "npm:typescript@5.9.3";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The helpers. */
const helpers = ["ops/program/own_value.ts"];

const inherited = Object.getOwnPropertyNames(Object.prototype);

function typeScriptFiles(folder: string): string[] {
  return [...Deno.readDirSync(root + folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return typeScriptFiles(`${folder}${name}/`);
    return name.endsWith(".ts") ? [folder + name] : [];
  });
}

/**
 * Whether an expression can't be the name of an inherited property: a literal, or a template whose fixed parts occur in
 * no such name.
 */
function isHarmless(key: ts.Expression): boolean {
  if (ts.isStringLiteralLike(key)) return !inherited.includes(key.text);
  if (!ts.isTemplateExpression(key)) return false;
  const fixed = [key.head, ...key.templateSpans.map(({ literal }) => literal)].map(({ text }) => RegExp.escape(text));
  return !inherited.some((name) => new RegExp(`^${fixed.join(".*")}$`).test(name));
}

/**
 * Whether a type accepts strings beyond those that it lists, or comes from a package, which the compiler is not shown.
 */
function isAnyText(type: ts.Type): boolean {
  const types = type.isUnion() ? type.types : [type];
  return types.some(({ flags }) =>
    (flags & (ts.TypeFlags.Any | ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) !== 0
  );
}

/**
 * The places where a file indexes an object by an arbitrary string, tests one with `in`, destructures by one, or
 * assigns all properties.
 */
function breachesOf(file: ts.SourceFile, checker: ts.TypeChecker): ts.Node[] {
  const takesAny = (object: ts.Node) => {
    const type = checker.getNonNullableType(checker.getTypeAtLocation(object));
    return checker.getIndexInfoOfType(type, ts.IndexKind.String) !== undefined;
  };
  const isText = (key: ts.Expression) => isAnyText(checker.getTypeAtLocation(key)) && !isHarmless(key);
  const isBreach = (node: ts.Node) => {
    if (ts.isElementAccessExpression(node)) return takesAny(node.expression) && isText(node.argumentExpression);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) {
      return !ts.isPrivateIdentifier(node.left) && isText(node.left);
    }
    if (ts.isCallExpression(node) && node.expression.getText() === "Object.assign") {
      return node.arguments.slice(1).some((source) => ts.isSpreadElement(source) || takesAny(source));
    }
    if (!ts.isBindingElement(node) || node.propertyName === undefined) return false;
    return ts.isComputedPropertyName(node.propertyName) && isText(node.propertyName.expression);
  };
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (isBreach(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The violations in some files, one line each. */
function breaches(files: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    lib: ["lib.esnext.d.ts"],
    types: [],
  };
  const program = ts.createProgram(files.map((file) => root + file), options), checker = program.getTypeChecker();
  return files.flatMap((path) => {
    const file = program.getSourceFile(root + path);
    assert.ok(file !== undefined, path);
    return breachesOf(file, checker).map((node) => {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      return `${path}:${line + 1}: ${
        node.getText(file)
      } may find what every object inherits; see ops/program/own_value.ts`;
    });
  });
}

const files = ["ops/", "pipelines/"].flatMap(typeScriptFiles).filter((file) => !helpers.includes(file));
const found = breaches(files);
assert.ok(found.length === 0, `\n${found.join("\n")}`);
// A check that it detects what it forbids.
assert.equal(breaches(helpers).length, helpers.length);
