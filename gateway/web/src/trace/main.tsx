// The tracers' page: who passed, where somebody was, whom they met, who calls them.
import { render } from "preact";
import "../desk/desk.css";
import { GroundBar } from "../desk/ui/groundbar";
import { Shell } from "../desk/ui/shell";
import { followLanguage } from "../shared/i18n";
import { screens as calls } from "./calls";
import { screens as contacts } from "./contacts";
import { screens as gates } from "./gates";
import { screens as person } from "./person";

const screens = [...person, ...gates, ...contacts, ...calls];

followLanguage();
const root = document.getElementById("app");
if (root) {
	render(<Shell app={{ zh: "流调", en: "Tracing" }} screens={screens} top={GroundBar} />, root);
}
