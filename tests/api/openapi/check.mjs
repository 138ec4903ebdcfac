// Is the description that the server gives away valid OpenAPI 3.1? check.mjs openapi.json
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const validator = new Validator();
const result = await validator.validate(JSON.parse(readFileSync(process.argv[2], "utf8")));
if (!result.valid) {
  console.error(JSON.stringify(result.errors, null, 1));
  process.exit(1);
}
if (validator.version !== "3.1") {
  console.error(`this is version ${validator.version}, expected 3.1`);
  process.exit(1);
}
