/** Python's `strftime`, in English. @module */
const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

const padded = (number: number, width = 2) => String(number).padStart(width, "0");
const halfDay = (date: Date) => date.getHours() % 12 === 0 ? 12 : date.getHours() % 12;

function dayOfYear(date: Date): number {
  const day = (month: number, of: number) => Date.UTC(date.getFullYear(), month, of) / 86_400_000;
  return day(date.getMonth(), date.getDate()) - day(0, 0);
}

const directives: ReadonlyMap<string, (date: Date) => string> = new Map([
  ["Y", (date: Date) => String(date.getFullYear())],
  ["y", (date) => padded(date.getFullYear() % 100)],
  ["m", (date) => padded(date.getMonth() + 1)],
  ["B", (date) => months[date.getMonth()]!],
  ["b", (date) => months[date.getMonth()]!.slice(0, 3)],
  ["d", (date) => padded(date.getDate())],
  ["e", (date) => String(date.getDate()).padStart(2)],
  ["j", (date) => padded(dayOfYear(date), 3)],
  ["A", (date) => days[date.getDay()]!],
  ["a", (date) => days[date.getDay()]!.slice(0, 3)],
  ["w", (date) => String(date.getDay())],
  ["H", (date) => padded(date.getHours())],
  ["I", (date) => padded(halfDay(date))],
  ["p", (date) => date.getHours() < 12 ? "AM" : "PM"],
  ["M", (date) => padded(date.getMinutes())],
  ["S", (date) => padded(date.getSeconds())],
  ["F", (date) => strftime(date, "%Y-%m-%d")],
  ["D", (date) => strftime(date, "%m/%d/%y")],
  ["T", (date) => strftime(date, "%H:%M:%S")],
  ["R", (date) => strftime(date, "%H:%M")],
  ["%", () => "%"],
]);

/**
 * A formatted date; `-` after a percent sign omits leading zeros.
 *
 * @throws {TypeError} If a directive is not supported.
 */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)(.?)/gsu, (directive, flag: string, name: string) => {
    const written = directives.get(name)?.(date);
    if (written === undefined) throw new TypeError(`strftime_now has no ${directive} here`);
    return flag === "" ? written : written.replace(/^[0 ]+(?=.)/, "");
  });
}
