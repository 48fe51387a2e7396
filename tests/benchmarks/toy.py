"""The bare Streamlit page that our own is timed against: one text field, one button, one row written."""

import os

import streamlit as st
from sqlmodel import Field, Session, SQLModel, create_engine


@st.cache_resource
def engine():  # type: ignore[no-untyped-def]
    class Note(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        text: str

    made = create_engine(f"sqlite:///{os.environ['TOY_DATABASE']}")
    SQLModel.metadata.create_all(made)
    return made, Note


made, Note = engine()
st.title("Toy")
with st.form("note"):
    text = st.text_input("Text")
    if st.form_submit_button("Send"):
        with Session(made) as session:
            session.add(Note(text=text or "nothing"))
            session.commit()
        st.success("Thank you")
