"""The office: pages for the people who dispatch, review, answer and oversee, all day, by keyboard or mouse."""
