import { serve } from "../shared/worker";

serve();
