-- The list of awards by year, by name of the subject, and by amount: who gets the most, or has the greatest ceiling.
CREATE INDEX award_current_year ON award_current (year, award_id);
CREATE INDEX award_current_name ON award_current (subject_name COLLATE "C", award_id);
CREATE INDEX award_current_ceiling ON award_current (ceiling_fen, award_id);
CREATE INDEX award_current_payable ON award_current (payable_fen, award_id);
