// The street office's page: people, places, health, the office's registers, the board.
import { render } from "preact";
import "../desk/desk.css";
import { session } from "../desk/session";
import { Shell } from "../desk/ui/shell";
import { followLanguage } from "../shared/i18n";
import { screens as board } from "./board";
import { screens as health } from "./health";
import { screens as office } from "./office";
import { screens as people } from "./people";
import { screens as places } from "./places";

const screens = [...office, ...board, ...people, ...health, ...places];

/** A leader with a phone begins with the bulletin; everybody else with what waits for them. */
const home = () => (session.value?.role === "leader" && window.innerWidth < 800 ? "bulletin" : "today");

followLanguage();
const root = document.getElementById("app");
if (root) {
	render(<Shell app={{ zh: "街道工作台", en: "Street office" }} screens={screens} home={home} />, root);
}
